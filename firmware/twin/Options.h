// What `camera-twin` is told on its command line.
#pragma once

#include <cstdint>
#include <string>

#include "../src/core/Ports.h"
#include "../src/core/Spool.h"
#include "TwinSource.h"
#include "WireFaults.h"

namespace camera {

struct Options {
  std::string server, key, id;
  std::string frames;  // a folder; empty: drawn ones
  std::string spool = "twin-spool";
  std::string notes;  // empty: within the spool's folder
  std::string size = "SVGA";
  std::uint32_t interval_s = 30;
  std::uint64_t count = 0;  // frames, then drain and end; 0: for ever
  double speed = 1;
  bool is_flash = false;  // spool as in flash: send from the ring, store what does not go
  std::uint32_t spool_frames = 4096;
  std::uint64_t spool_bytes = 1ULL << 40;
  std::uint32_t ring_bytes = 6'500'000;
  LogLevel log = LogLevel::Info;
  std::uint64_t patience_s = 120;  // of the real clock, with draining

  // Faults.
  WireFaults wire;
  SensorFaults sensor;
  std::uint64_t power_cut_in_spool = 0;
  bool is_clock_unset = false;

  /// False: `fault` says what is wrong, for a person.
  bool read(int count_of_words, char** words, std::string& fault);
};

/// How to call it.
const char* usage();

}  // namespace camera
