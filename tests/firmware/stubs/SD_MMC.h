#pragma once
#include "FS.h"
#define BOARD_MAX_SDMMC_FREQ 40000
namespace fs {
class SDMMCFS : public FS {
 public:
  bool setPins(int clk, int cmd, int d0);
  bool setPins(int clk, int cmd, int d0, int d1, int d2, int d3);
  bool begin(const char* mountpoint = "/sdcard", bool mode1bit = false, bool format_if_mount_failed = false,
             int sdmmc_frequency = BOARD_MAX_SDMMC_FREQ, uint8_t maxOpenFiles = 5);
  void end();
  uint64_t totalBytes();
};
}  // namespace fs
extern fs::SDMMCFS SD_MMC;
