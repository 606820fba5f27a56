#pragma once
#include "Arduino.h"
class MDNSResponder {
 public:
  MDNSResponder();
  ~MDNSResponder();
  bool begin(const char* hostName);
  void end();
  int queryService(const char* service, const char* proto);
  String hostname(int idx);
  IPAddress address(int idx);
  uint16_t port(int idx);
};
extern MDNSResponder MDNS;
