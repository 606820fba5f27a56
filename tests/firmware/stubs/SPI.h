#pragma once
#include "Arduino.h"
#define FSPI 0
#define HSPI 1
class SPIClass {
 public:
  SPIClass(uint8_t spi_bus = HSPI);
  ~SPIClass();
  bool begin(int8_t sck = -1, int8_t miso = -1, int8_t mosi = -1, int8_t ss = -1);
  void end();
};
extern SPIClass SPI;
