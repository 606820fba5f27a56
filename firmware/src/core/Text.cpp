#include "Text.h"

#include <cstring>

namespace camera {

Text& Text::add(std::string_view text) {
  if (text.size() > capacity_ - size_) {
    is_whole_ = false;
    return *this;
  }
  if (!text.empty()) std::memcpy(buffer_ + size_, text.data(), text.size());
  size_ += text.size();
  return *this;
}

Text& Text::add_number(std::uint64_t number) {
  char digits[20];  // 2^64 - 1 has 20
  std::size_t begin = sizeof digits;
  do {
    digits[--begin] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  return add(std::string_view(digits + begin, sizeof digits - begin));
}

Text& Text::add_signed(std::int64_t number) {
  const auto bits = static_cast<std::uint64_t>(number);
  if (number >= 0) return add_number(bits);
  const std::size_t before = size_;
  add('-');
  add_number(~bits + 1);
  if (!is_whole_ && before < size_) size_ = before;  // no sign without its number
  return *this;
}

Text& Text::add_hex(std::uint64_t number) {
  char digits[16];
  for (std::size_t at = sizeof digits; at-- > 0; number >>= 4) digits[at] = "0123456789abcdef"[number & 15];
  return add(std::string_view(digits, sizeof digits));
}

Text& Text::add_base64(const std::uint8_t* data, std::size_t size) {
  static constexpr char kLetters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t at = 0; at < size; at += 3) {
    const std::size_t left = size - at;
    const std::uint32_t bits = static_cast<std::uint32_t>(data[at]) << 16 |
                               static_cast<std::uint32_t>(left > 1 ? data[at + 1] : 0) << 8 |
                               static_cast<std::uint32_t>(left > 2 ? data[at + 2] : 0);
    const char four[4] = {kLetters[bits >> 18], kLetters[bits >> 12 & 63], left > 1 ? kLetters[bits >> 6 & 63] : '=',
                          left > 2 ? kLetters[bits & 63] : '='};
    add(std::string_view(four, sizeof four));
  }
  return *this;
}

}  // namespace camera
