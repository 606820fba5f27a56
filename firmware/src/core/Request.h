// The head of one frame's POST, or of a report's, written into a fixed buffer. The body is the frame's own bytes and is
// never copied; a report has none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "Address.h"
#include "Frame.h"
#include "Text.h"

namespace camera {

/// What one request says beside what it is about. All views must live until the answer is there.
struct RequestWords {
  std::string_view key;                 // empty: none, or none for this host
  std::optional<std::uint64_t> now_ms;  // since boot; only for a frame of this very boot
  std::string_view status;              // `Camera-Status` as written by FieldsWriter; empty: left out
  std::string_view lost;                // `Camera-Lost`; empty: left out
  std::string_view next_key = {};       // `Camera-Key`; empty: left out
};

inline constexpr std::size_t kMaxKey = 128;
inline constexpr std::size_t kMaxStatus = 900;
inline constexpr std::size_t kMaxLost = 160;
inline constexpr std::size_t kMaxNextKey = 80;

/// Everything at its longest: 15 + 256 + 11 request line, 6 + 263 Host, 36 User-Agent, 24 + 128 Authorization,
/// 26 Content-Type, 18 + 20 Content-Length, 71 Repr-Digest, 140 Camera-Frame, 17 + 900, 15 + 160 and 14 + 80 the other three, 2.
inline constexpr std::size_t kMaxRequestHead = 2304;

/// A key that can stand in a header: printable ASCII without spaces, not too long, not empty.
bool is_key(std::string_view key);

/// Writes the head, its empty line included. Words that are too long or could break out of their line are left out, for
/// a frame matters more than what is said beside it. False when even so it does not fit.
bool write_request(Text& out, const Address& address, const Frame& frame, const RequestWords& words);

/// The same for a report of that name.
bool write_report(Text& out, const Address& address, const FrameName& name, const RequestWords& words);

}  // namespace camera
