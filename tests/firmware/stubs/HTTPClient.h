#pragma once
// Not used by the firmware; see README.md.
#include "Arduino.h"
class HTTPClient {
 public:
  int sendRequest(const char* type, String payload);
  int sendRequest(const char* type, uint8_t* payload = nullptr, size_t size = 0);
  int sendRequest(const char* type, Stream* stream, size_t size = 0);
};
