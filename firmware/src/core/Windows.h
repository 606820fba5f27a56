// The hours of a day in which a camera takes pictures: `06:00-20:00 22:30-04:00`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace camera {

class Windows {
 public:
  static constexpr std::size_t kMost = 4;
  static constexpr std::size_t kMaxText = kMost * 12;
  static constexpr std::uint32_t kDayMinutes = 24 * 60;

  /// None: always. False, and all as before, when the text is no such list; an end before its start is on the next day.
  bool read(std::string_view text);

  bool is_always() const { return count_ == 0; }

  /// Whether a minute of the day lies within one.
  bool holds(std::uint32_t minute) const;

  /// How many minutes from `minute` on until one begins; 0 within one.
  std::uint32_t minutes_until(std::uint32_t minute) const;

 private:
  struct Window {
    std::uint16_t from = 0;
    std::uint16_t to = 0;  // not in it any more
  };

  Window windows_[kMost];
  std::size_t count_ = 0;
};

}  // namespace camera
