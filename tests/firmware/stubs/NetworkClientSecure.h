#pragma once
// Not used by the firmware; see README.md.
#include "Arduino.h"
class NetworkClientSecure {
 public:
  void setCACert(const char* rootCA);
  void setCACertBundle(const uint8_t* bundle, size_t size);
};
