#include "EspClock.h"

#include <Arduino.h>
#include <esp_attr.h>
#include <esp_timer.h>
#include <sys/time.h>

namespace camera {
namespace {

// A clock that was never set counts from 1970.
constexpr std::int64_t kEarliestUnixS = 1577836800;  // 2020-01-01

// The RTC runs it, so deep sleep does not stop it.
std::int64_t wall_us() {
  timeval now{};
  gettimeofday(&now, nullptr);
  return std::int64_t{now.tv_sec} * 1000000 + now.tv_usec;
}

RTC_DATA_ATTR constinit UpTimeMemory memory;

}  // namespace

void EspClock::begin() { up_.begin(memory, wall_us(), esp_timer_get_time()); }

void EspClock::before_sleep() { memory = up_.before_sleep(wall_us(), esp_timer_get_time()); }

std::uint64_t EspClock::now_ms() { return up_ms_at(esp_timer_get_time()); }

std::uint64_t EspClock::up_ms_at(std::int64_t timer_us) const {
  const std::int64_t up_us = up_.up_us(timer_us);
  return up_us > 0 ? static_cast<std::uint64_t>(up_us) / 1000 : 0;
}

std::optional<std::uint64_t> EspClock::unix_ms() {
  const std::int64_t now_us = wall_us();
  if (now_us < kEarliestUnixS * 1000000) return std::nullopt;
  return static_cast<std::uint64_t>(now_us) / 1000;
}

void EspClock::set_unix_ms(std::uint64_t unix_ms) {
  timeval now{};
  now.tv_sec = static_cast<time_t>(unix_ms / 1000);
  now.tv_usec = static_cast<suseconds_t>(unix_ms % 1000 * 1000);
  settimeofday(&now, nullptr);
}

void EspClock::ask_time_servers(const char* first, const char* second) { configTzTime("UTC0", first, second); }

}  // namespace camera
