#pragma once
// Not used by the firmware; see README.md.
#include "Arduino.h"
class NetworkClientSecure {
 public:
  void setCACertBundle(const uint8_t* bundle, size_t size);
};
