// Views of bytes that someone else owns: where they start and how many they are.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace camera {

/// Bytes to read. Owns nothing; valid as long as the owner says.
struct Bytes {
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;

  constexpr bool is_empty() const { return size == 0; }

  /// What is left after the first `count` bytes; nothing when there are not so many.
  constexpr Bytes after(std::size_t count) const {
    return count < size ? Bytes{data + count, size - count} : Bytes{data + size, 0};
  }

  /// At most the first `count` bytes.
  constexpr Bytes first(std::size_t count) const { return Bytes{data, count < size ? count : size}; }
};

/// Room to write bytes into. Owns nothing.
struct Room {
  std::uint8_t* data = nullptr;
  std::size_t size = 0;
};

/// A SHA-256.
using Sha256 = std::array<std::uint8_t, 32>;

}  // namespace camera
