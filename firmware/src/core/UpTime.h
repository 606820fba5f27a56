// `up`: time since the cold start, through deep sleep, in which the timer begins anew.
#pragma once

#include <cstdint>

namespace camera {

/// What deep sleep keeps and every other start loses (RTC_DATA_ATTR).
struct UpTimeMemory {
  std::int64_t up_us = 0;   // when sleep began
  std::int64_t rtc_us = 0;  // at the same moment, by the clock that sleep does not stop; 0: it never slept
};

/// Only the sleep itself is measured by the RTC's imprecise oscillator; what was measured awake is kept as it was.
/// `timer_us` is the timer's time, which begins at 0 at every start and every wake.
class UpTime {
 public:
  /// At every start.
  void begin(const UpTimeMemory& memory, std::int64_t rtc_us, std::int64_t timer_us) {
    if (memory.rtc_us == 0) return;
    const std::int64_t slept_us = rtc_us > memory.rtc_us ? rtc_us - memory.rtc_us : 0;  // set back meanwhile: no time
    base_us_ = memory.up_us + slept_us - timer_us;
    if (base_us_ + timer_us < memory.up_us) base_us_ = memory.up_us - timer_us;
  }

  std::int64_t up_us(std::int64_t timer_us) const { return base_us_ + timer_us; }

  /// Just before deep sleep.
  UpTimeMemory before_sleep(std::int64_t rtc_us, std::int64_t timer_us) const { return {up_us(timer_us), rtc_us}; }

 private:
  std::int64_t base_us_ = 0;  // `up` when the timer was 0
};

}  // namespace camera
