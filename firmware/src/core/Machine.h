// The port to the board itself: how it fares, and starting it anew.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace camera {

/// How the board fares. What it cannot know is absent.
struct Vitals {
  std::string_view reset;                         // why it started: `power-on`, `brownout`, `panic`, `wake`, …
  std::uint32_t restarts = 0;                     // since power came, deep sleep not counted
  std::uint32_t brownouts = 0;
  std::optional<std::uint32_t> heap_low_bytes;    // least ever free, internal
  std::optional<std::uint32_t> psram_free_bytes;
  std::optional<std::uint32_t> battery_mv;
  std::optional<int> temperature_c;
};

class Machine {
 public:
  virtual Vitals vitals() = 0;

  /// Starts the whole board anew. Returns on a desktop, and then the caller goes on.
  virtual void restart(std::string_view why) = 0;

 protected:
  ~Machine() = default;
};

}  // namespace camera
