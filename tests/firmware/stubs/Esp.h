#pragma once
#include <cstdint>
class EspClass {
 public:
  uint64_t getEfuseMac();
  uint32_t getPsramSize();
};
extern EspClass ESP;
