// Time since the cold start, through deep sleep, and the wall clock.
#pragma once

#include "../core/Ports.h"
#include "../core/UpTime.h"

namespace camera {

class EspClock final : public Clock {
 public:
  // First thing in setup(). After deep sleep, goes on from where `before_sleep` left off.
  void begin();

  // Last thing before deep sleep.
  void before_sleep();

  std::uint64_t now_ms() override;
  std::optional<std::uint64_t> unix_ms() override;
  void set_unix_ms(std::uint64_t unix_ms) override;

  // The same clock at an instant of `esp_timer`, which the camera driver's time stamps are.
  std::uint64_t up_ms_at(std::int64_t timer_us) const;

  // Asks these time servers, in the background and for ever. Their names must stay where they are.
  void ask_time_servers(const char* first, const char* second);

 private:
  UpTime up_;
};

}  // namespace camera
