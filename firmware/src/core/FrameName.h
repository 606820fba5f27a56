// (boot, number): what a frame is called on the camera, on the wire and in the archive.
#pragma once

#include <cstddef>
#include <cstdint>

namespace camera {

/// The largest number a structured field can carry, and so the largest of anything here: 15 digits.
inline constexpr std::uint64_t kMaxNumber = 999'999'999'999'999;

/// A boot in hex, as fields and file names have it.
inline constexpr std::size_t kBootDigits = 16;

struct FrameName {
  std::uint64_t boot = 0;    // 64 random bits, drawn at a cold start
  std::uint64_t number = 0;  // counts frames within one boot, from 0, without holes

  friend constexpr bool operator==(const FrameName& one, const FrameName& other) {
    return one.boot == other.boot && one.number == other.number;
  }
  friend constexpr bool operator!=(const FrameName& one, const FrameName& other) { return !(one == other); }
};

}  // namespace camera
