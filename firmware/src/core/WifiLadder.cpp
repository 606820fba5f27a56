#include "WifiLadder.h"

namespace camera {

void WifiLadder::begin(std::size_t networks, std::uint64_t now_ms) {
  networks_ = networks;
  network_ = 0;
  has_joined_ = was_up_ = false;
  joined_ms_ = silent_ms_ = power_ms_ = now_ms;
}

void WifiLadder::heard(std::uint64_t now_ms) { silent_ms_ = power_ms_ = now_ms; }

WifiLadder::Step WifiLadder::step(bool is_up, bool has_something_to_send, std::uint64_t now_ms) {
  if (networks_ == 0) return Step::None;
  if (!has_something_to_send) silent_ms_ = power_ms_ = now_ms;
  if (now_ms - silent_ms_ >= kRestartMs) {
    silent_ms_ = power_ms_ = now_ms;
    return Step::Restart;
  }
  if (now_ms - power_ms_ >= kPowerMs) {
    power_ms_ = joined_ms_ = now_ms;
    has_joined_ = true;
    return Step::PowerCycle;
  }
  if (!has_joined_) {
    has_joined_ = true;
    joined_ms_ = now_ms;
    return Step::Join;
  }
  if (is_up && !was_up_) joined_ms_ = now_ms;
  was_up_ = is_up;
  if (now_ms - joined_ms_ < (is_up ? kSilenceMs : kJoinMs)) return Step::None;
  joined_ms_ = now_ms;
  if (is_up && now_ms - silent_ms_ < kSilenceMs) return Step::None;
  // Up and silent, or not up in time: perhaps another network does better.
  network_ = (network_ + 1) % networks_;
  was_up_ = false;
  return Step::Join;
}

}  // namespace camera
