#include "EspStorage.h"

#include <Arduino.h>
#include <LittleFS.h>
#include <SD.h>
#include <SD_MMC.h>
#include <SPI.h>

namespace camera {
namespace {

constexpr const char* kCardPath = "/sdcard";
constexpr const char* kCardFolder = "/sdcard/frames";
constexpr const char* kFlashPath = "/spool";
constexpr const char* kFlashFolder = "/spool/frames";
constexpr std::uint8_t kOpenFiles = 5;

// First as fast as cards go, then at the pace of bad wiring.
constexpr int kMmcKhz[] = {20000, 4000};
constexpr std::uint32_t kSpiHz[] = {20000000, 4000000};

bool mount_mmc(const Card& card) {
  // A card that finds D3 low when it wakes takes the bus for SPI.
  if (card.cs != kNotWired) pinMode(static_cast<std::uint8_t>(card.cs), INPUT_PULLUP);
  if (!SD_MMC.setPins(card.clk, card.cmd, card.d0)) return false;
  for (const int khz : kMmcKhz) {
    if (SD_MMC.begin(kCardPath, true, false, khz, kOpenFiles)) return true;
  }
  return false;
}

bool mount_spi(const Card& card) {
  SPI.begin(card.clk, card.d0, card.cmd, card.cs);
  for (const std::uint32_t hz : kSpiHz) {
    if (SD.begin(static_cast<std::uint8_t>(card.cs), SPI, hz, kCardPath, kOpenFiles, false)) return true;
  }
  SPI.end();
  return false;
}

}  // namespace

Mounted mount(const Board& board, Log& log) {
  if (board.card.bus == CardBus::Mmc1Bit && mount_mmc(board.card)) {
    log.line(LogLevel::Info, "frames wait on the card");
    return {kCardFolder, SD_MMC.totalBytes(), true};
  }
  if (board.card.bus == CardBus::Spi && mount_spi(board.card)) {
    log.line(LogLevel::Info, "frames wait on the card");
    return {kCardFolder, SD.totalBytes(), true};
  }
  if (LittleFS.begin(true, kFlashPath, 10, "spool")) {
    log.line(LogLevel::Info, "no card: frames wait in flash");
    return {kFlashFolder, LittleFS.totalBytes(), false};
  }
  log.line(LogLevel::Error, "neither card nor flash can be mounted: frames wait in memory and are lost with the power");
  return {};
}

}  // namespace camera
