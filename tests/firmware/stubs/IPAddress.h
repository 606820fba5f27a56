#pragma once
#include <cstdint>

#include "WString.h"
enum IPType { IPv4, IPv6 };
class IPAddress {
 public:
  IPAddress();
  IPAddress(uint8_t first_octet, uint8_t second_octet, uint8_t third_octet, uint8_t fourth_octet);
  IPAddress(uint32_t address);
  operator uint32_t() const;
  uint8_t operator[](int index) const;
  IPType type() const;
  String toString() const;
};
