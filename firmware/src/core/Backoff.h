// Waits that double with full jitter, so that many cameras that lost their archive at once come back spread out.
#pragma once

#include <cstdint>

#include "Ports.h"

namespace camera {

class Backoff {
 public:
  static constexpr std::uint32_t kFirstMs = 500;
  static constexpr std::uint32_t kLongestMs = 60'000;
  static constexpr std::uint64_t kLongestAskedMs = 3'600'000;  // no archive may send a camera to sleep for good

  /// How long to wait after one more failure: what the archive asked for, at most an hour, and a random share of a
  /// ceiling that doubles with every failure in a row.
  std::uint64_t failed(std::uint64_t asked_ms, Random& random) {
    const std::uint32_t ceiling_ms = failures_ < 7 ? kFirstMs << failures_ : kLongestMs;
    if (failures_ < 7) ++failures_;
    const std::uint64_t share_ms = (std::uint64_t{random.next_u32()} * (ceiling_ms + 1)) >> 32;
    return (asked_ms < kLongestAskedMs ? asked_ms : kLongestAskedMs) + share_ms;
  }

  void succeeded() { failures_ = 0; }

 private:
  std::uint32_t failures_ = 0;
};

static_assert(Backoff::kFirstMs << 6 <= Backoff::kLongestMs && Backoff::kLongestMs <= Backoff::kFirstMs << 7);

}  // namespace camera
