// The head of an HTTP answer, read one byte at a time: incomplete, answered or malformed. Interim answers (1xx) are
// passed over. Its body is nobody's business here but for its length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "Text.h"

namespace camera {

class Reply {
 public:
  enum class State : std::uint8_t { Incomplete, Answered, Malformed };

  /// Of all heads of one answer together: proxies set long cookies, but nothing may go on for ever.
  static constexpr std::size_t kMaxHead = 16 * 1024;
  static constexpr std::size_t kMaxSettings = 1024;
  static constexpr std::size_t kMaxAddresses = 448;

  /// Takes the next byte. After Answered and Malformed bytes change nothing: they are not the head's.
  State take(std::uint8_t byte);

  State state() const { return state_; }
  bool has_begun() const { return taken_ > 0; }

  // What was answered; of use once Answered.

  std::uint16_t status() const { return status_; }

  /// The contract's fields, lines of the same name joined by commas; empty when missing, or too long to be ours.
  std::string_view frame() const { return usable(frame_); }
  std::string_view report() const { return usable(report_); }
  std::string_view settings() const { return usable(settings_); }
  std::string_view clock() const { return usable(clock_); }
  std::string_view addresses() const { return usable(addresses_); }
  std::string_view key() const { return usable(key_); }
  std::string_view location() const { return usable(location_); }

  /// `Retry-After`, whichever of its two forms it has; a date counts from the answer's own `Date`, else from
  /// `unix_ms`, else not at all. 0 where nothing can be read.
  std::uint64_t retry_after_ms(std::optional<std::uint64_t> unix_ms) const;

  /// How many bytes of body follow, where the connection can serve another request after them.
  std::optional<std::uint64_t> body_before_next() const;

  /// Makes it as new.
  void clear();

 private:
  static constexpr std::size_t kMaxLine = 1280;  // the longest that is ours: Camera-Settings

  State end_line();
  bool read_status_line(std::string_view line);
  bool read_field(std::string_view line);
  State end_head();
  void forget_head();
  static void add(Text& to, std::string_view value);
  static std::string_view usable(const Text& text) { return text.is_whole() ? text.view() : std::string_view(); }

  State state_ = State::Incomplete;
  std::size_t taken_ = 0;
  std::uint16_t status_ = 0;  // 0: its line was not read yet
  bool has_carriage_return_ = false;
  bool is_persistent_ = false;
  bool is_chunked_ = false;
  bool has_bad_length_ = false;
  std::optional<std::uint64_t> length_;
  FixedText<kMaxLine> line_;
  FixedText<256> frame_;
  FixedText<256> report_;
  FixedText<kMaxSettings> settings_;
  FixedText<64> clock_;
  FixedText<kMaxAddresses> addresses_;
  FixedText<64> key_;
  FixedText<320> location_;
  FixedText<48> retry_after_;
  FixedText<48> date_;
};

/// Unix time in seconds of an HTTP date as senders must write it: `Sun, 06 Nov 1994 08:49:37 GMT`.
std::optional<std::int64_t> read_http_date(std::string_view text);

}  // namespace camera
