// The port to what a person or a sensor can pull: up to three buttons and one more pin.
#pragma once

#include <cstdint>

namespace camera {

inline constexpr unsigned kButtons = 3;
inline constexpr unsigned kMotionPin = kButtons;  // PIR, or anything that says "now"

class Pins {
 public:
  /// Bit i is set while button i is pressed (0 to 2) or the motion pin is active (3), as wired; not debounced.
  virtual std::uint32_t levels() = 0;

 protected:
  ~Pins() = default;
};

}  // namespace camera
