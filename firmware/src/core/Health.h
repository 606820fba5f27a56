// How the camera fares, as `Camera-Status` tells it with every frame and every report.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "Machine.h"
#include "Text.h"

namespace camera {

struct Health {
  std::string_view id;
  std::string_view firmware;
  std::string_view board;
  std::string_view sensor;
  std::string_view sensor_fault;  // empty: none
  Vitals vitals;
  std::optional<int> rssi_dbm;
  std::uint64_t up_s = 0;
  std::uint64_t spooled = 0;    // frames in the spool
  std::uint64_t waiting = 0;    // frames in the ring
  std::uint64_t lost = 0;       // numbers given up and not yet confessed
  std::uint64_t refused = 0;    // by the archive, since the start
  std::uint64_t discarded = 0;  // by the taker, since the start
  std::uint64_t skipped = 0;    // triggers without time for a shot
  std::uint64_t failed_sends = 0;
  std::uint64_t settings = 0;   // version in force
  std::uint64_t settings_refused = 0;
  std::uint64_t address = 0;    // version of the addresses it knows the archive by; 0: only the one that was set up
  unsigned quality = 0;         // in force, which may be less than was asked for
  std::uint64_t oversized = 0;  // files in the spool that this start has no memory to read
  bool has_spool = true;

  /// Writes the dictionary. What is unknown or zero, and says nothing by that, is left out.
  void write(Text& out) const;
};

}  // namespace camera
