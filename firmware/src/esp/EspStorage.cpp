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
constexpr const char* kCardProbe = "/sdcard/frames/probe.part";  // swept with the rest if the power goes before it does
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

bool takes_files(Files& files, const char* folder, const char* probe) {
  const std::uint8_t byte = 0;
  if (files.make_folder(folder) != FileResult::Done || files.create(probe) != FileResult::Done) return false;
  const bool is_written = files.write(&byte, 1) == FileResult::Done && files.sync() == FileResult::Done;
  const bool is_closed = files.close() == FileResult::Done;
  return files.remove(probe) == FileResult::Done && is_written && is_closed;
}

}  // namespace

Mounted mount(const Board& board, Files& files, Log& log) {
  const bool is_mmc = board.card.bus == CardBus::Mmc1Bit && mount_mmc(board.card);
  const bool is_spi = board.card.bus == CardBus::Spi && mount_spi(board.card);
  if ((is_mmc || is_spi) && takes_files(files, kCardFolder, kCardProbe)) {
    log.line(LogLevel::Info, "frames wait on the card");
    return {kCardFolder, is_mmc ? SD_MMC.totalBytes() : SD.totalBytes(), true};
  }
  if (is_mmc || is_spi) log.line(LogLevel::Error, "the card takes no files: is it write-protected, or not FAT?");
  if (LittleFS.begin(true, kFlashPath, 10, "spool")) {
    log.line(LogLevel::Info, "frames wait in flash");
    return {kFlashFolder, LittleFS.totalBytes(), false};
  }
  log.line(LogLevel::Error, "neither card nor flash can be mounted: frames wait in memory and are lost with the power");
  return {};
}

}  // namespace camera
