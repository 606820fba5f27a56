// The machine's own clock, as fast as wanted, and as ignorant of the date as a camera's.
#pragma once

#include "../src/core/Ports.h"

namespace camera {

class TwinClock final : public Clock {
 public:
  /// `speed` camera seconds go by in one. At another speed than 1 the date would run away, so it is not known.
  TwinClock(double speed, bool knows_date);

  std::uint64_t now_ms() override;
  std::optional<std::uint64_t> unix_ms() override;
  void set_unix_ms(std::uint64_t unix_ms) override;

  /// Real milliseconds, of some of the camera's.
  std::uint32_t real_ms(std::uint32_t camera_ms) const;

 private:
  double speed_;
  std::uint64_t start_us_;
  std::optional<std::int64_t> unix_at_zero_ms_;
};

}  // namespace camera
