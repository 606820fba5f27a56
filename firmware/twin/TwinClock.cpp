#include "TwinClock.h"

#include <ctime>

namespace camera {
namespace {

std::uint64_t microseconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(now.tv_nsec) / 1000;
}

}  // namespace

TwinClock::TwinClock(double speed, bool knows_date) : speed_(speed), start_us_(microseconds(CLOCK_MONOTONIC)) {
  if (knows_date) unix_at_zero_ms_ = static_cast<std::int64_t>(microseconds(CLOCK_REALTIME) / 1000);
}

std::uint64_t TwinClock::now_ms() {
  const auto passed_us = static_cast<double>(microseconds(CLOCK_MONOTONIC) - start_us_);
  return static_cast<std::uint64_t>(passed_us * speed_ / 1000);
}

std::optional<std::uint64_t> TwinClock::unix_ms() {
  if (!unix_at_zero_ms_) return std::nullopt;
  return static_cast<std::uint64_t>(*unix_at_zero_ms_) + now_ms();
}

void TwinClock::set_unix_ms(std::uint64_t unix_ms) {
  unix_at_zero_ms_ = static_cast<std::int64_t>(unix_ms) - static_cast<std::int64_t>(now_ms());
}

std::uint32_t TwinClock::real_ms(std::uint32_t camera_ms) const {
  return static_cast<std::uint32_t>(static_cast<double>(camera_ms) / speed_);
}

}  // namespace camera
