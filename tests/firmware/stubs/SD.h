#pragma once
#include "FS.h"
#include "SPI.h"
typedef enum { CARD_NONE, CARD_MMC, CARD_SD, CARD_SDHC, CARD_UNKNOWN } sdcard_type_t;
static const uint8_t SS = 44;  // the board's own; ours is always said
namespace fs {
class SDFS : public FS {
 public:
  bool begin(uint8_t ssPin = SS, SPIClass& spi = SPI, uint32_t frequency = 4000000, const char* mountpoint = "/sd",
             uint8_t max_files = 5, bool format_if_empty = false);
  void end();
  uint64_t totalBytes();
};
}  // namespace fs
extern fs::SDFS SD;
