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
  bool hasTxt(int idx, const char* key);
  String txt(int idx, const char* key);
};
extern MDNSResponder MDNS;
