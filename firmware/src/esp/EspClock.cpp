#include "EspClock.h"

#include <Arduino.h>
#include <esp_attr.h>
#include <esp_system.h>
#include <esp_timer.h>
#include <sys/time.h>

namespace camera {
namespace {

// A clock that was never set counts from 1970.
constexpr int64_t kEarliestUnixS = 1577836800;  // 2020-01-01

int64_t wall_us() {
  timeval now{};
  gettimeofday(&now, nullptr);
  return int64_t{now.tv_sec} * 1000000 + now.tv_usec;
}

// RTC memory keeps these through deep sleep, and every other reset sets them afresh.
RTC_DATA_ATTR int64_t up_us_at_sleep = 0;
RTC_DATA_ATTR int64_t wall_us_at_sleep = 0;

}  // namespace

void EspClock::begin() {
  if (esp_reset_reason() != ESP_RST_DEEPSLEEP || wall_us_at_sleep == 0) return;
  // Only the sleep itself is measured by the RTC's imprecise oscillator; what was measured awake is kept as it was.
  const int64_t slept_us = wall_us() - wall_us_at_sleep;
  base_us_ = up_us_at_sleep + (slept_us > 0 ? slept_us : 0) - esp_timer_get_time();
}

void EspClock::before_sleep() {
  up_us_at_sleep = base_us_ + esp_timer_get_time();
  wall_us_at_sleep = wall_us();
}

uint64_t EspClock::now_ms() { return up_ms_at(esp_timer_get_time()); }

uint64_t EspClock::up_ms_at(int64_t timer_us) const {
  const int64_t up_us = base_us_ + timer_us;
  return up_us > 0 ? static_cast<uint64_t>(up_us) / 1000 : 0;
}

std::optional<uint64_t> EspClock::unix_ms() {
  const int64_t now_us = wall_us();
  if (now_us < kEarliestUnixS * 1000000) return std::nullopt;
  return static_cast<uint64_t>(now_us) / 1000;
}

void EspClock::set_unix_ms(uint64_t unix_ms) {
  timeval now{};
  now.tv_sec = static_cast<time_t>(unix_ms / 1000);
  now.tv_usec = static_cast<suseconds_t>(unix_ms % 1000 * 1000);
  settimeofday(&now, nullptr);
}

void EspClock::ask_time_servers(const char* first, const char* second) { configTzTime("UTC0", first, second); }

}  // namespace camera
