#include "Windows.h"

namespace camera {
namespace {

// `hh:mm`, up to 24:00
bool read_minute(std::string_view text, std::uint16_t* minute) {
  if (text.size() != 5 || text[2] != ':') return false;
  int digits[4] = {text[0] - '0', text[1] - '0', text[3] - '0', text[4] - '0'};
  for (const int digit : digits)
    if (digit < 0 || digit > 9) return false;
  const int value = (digits[0] * 10 + digits[1]) * 60 + digits[2] * 10 + digits[3];
  if (digits[2] > 5 || value > static_cast<int>(Windows::kDayMinutes)) return false;
  *minute = static_cast<std::uint16_t>(value);
  return true;
}

}  // namespace

bool Windows::read(std::string_view text) {
  Windows read;
  while (!text.empty()) {
    if (text[0] == ' ') {
      text.remove_prefix(1);
      continue;
    }
    if (read.count_ == kMost || text.size() < 11 || text[5] != '-') return false;
    Window& window = read.windows_[read.count_];
    if (!read_minute(text.substr(0, 5), &window.from) || !read_minute(text.substr(6, 5), &window.to)) return false;
    if (window.from == kDayMinutes || window.from == window.to) return false;
    text.remove_prefix(11);
    if (!text.empty() && text[0] != ' ') return false;
    ++read.count_;
  }
  *this = read;
  return true;
}

bool Windows::holds(std::uint32_t minute) const {
  if (is_always()) return true;
  for (std::size_t i = 0; i < count_; ++i) {
    const Window& window = windows_[i];
    const bool is_within = window.from < window.to ? minute >= window.from && minute < window.to
                                                   : minute >= window.from || minute < window.to;
    if (is_within) return true;
  }
  return false;
}

std::uint32_t Windows::minutes_until(std::uint32_t minute) const {
  if (holds(minute)) return 0;
  std::uint32_t least = kDayMinutes;
  for (std::size_t i = 0; i < count_; ++i) {
    const std::uint32_t until = (windows_[i].from + kDayMinutes - minute) % kDayMinutes;
    if (until < least) least = until;
  }
  return least;
}

}  // namespace camera
