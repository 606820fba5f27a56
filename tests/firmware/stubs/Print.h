#pragma once
#include <cstddef>
#include <cstdint>

#include "WString.h"
class Print {
 public:
  virtual ~Print() {}
  virtual size_t write(uint8_t) = 0;
  virtual size_t write(const uint8_t* buffer, size_t size);
};
