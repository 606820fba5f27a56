#pragma once
#include "Stream.h"
class HWCDC : public Stream {
 public:
  HWCDC();
  ~HWCDC();
  size_t setRxBufferSize(size_t);
  size_t setTxBufferSize(size_t);
  void setTxTimeoutMs(uint32_t timeout);
  void begin(unsigned long baud = 0);
  int available(void);
  int read(void);
  size_t read(uint8_t* buffer, size_t size);
  size_t write(uint8_t);
  size_t write(const uint8_t* buffer, size_t size);
  void flush(void);
};
extern HWCDC HWCDCSerial;
