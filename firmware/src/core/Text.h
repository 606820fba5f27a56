// Text written into a fixed buffer. What does not fit is left out, and the text then says that it is not whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace camera {

class Text {
 public:
  Text(char* buffer, std::size_t capacity) : buffer_(buffer), capacity_(capacity) {}
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;

  /// All of `text` or nothing of it.
  Text& add(std::string_view text);
  Text& add(char letter) {
    if (size_ < capacity_) {
      buffer_[size_++] = letter;
    } else {
      is_whole_ = false;
    }
    return *this;
  }

  /// In decimal.
  Text& add_number(std::uint64_t number);
  Text& add_signed(std::int64_t number);

  /// In hex, sixteen digits: a boot.
  Text& add_hex(std::uint64_t number);

  /// Standard base64, padded.
  Text& add_base64(const std::uint8_t* data, std::size_t size);

  void clear() { size_ = 0, is_whole_ = true; }

  /// Back to an earlier size(), whole again: leaves out what was begun and did not fit.
  void cut(std::size_t size) { size_ = size < size_ ? size : size_, is_whole_ = true; }

  std::string_view view() const { return {buffer_, size_}; }
  std::size_t size() const { return size_; }
  bool is_empty() const { return size_ == 0; }

  /// False when something did not fit since the last clear().
  bool is_whole() const { return is_whole_; }

 protected:
  ~Text() = default;

 private:
  char* buffer_;
  std::size_t capacity_;
  std::size_t size_ = 0;
  bool is_whole_ = true;
};

/// A text with its own room for `Capacity` characters.
template <std::size_t Capacity>
class FixedText final : public Text {
 public:
  FixedText() : Text(room_, Capacity) {}
  FixedText(const FixedText& other) : Text(room_, Capacity) { add(other.view()); }
  FixedText& operator=(const FixedText& other) {
    if (this != &other) {
      clear();
      add(other.view());
    }
    return *this;
  }
  ~FixedText() = default;

 private:
  char room_[Capacity];
};

}  // namespace camera
