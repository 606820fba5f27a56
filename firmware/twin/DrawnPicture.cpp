#include "DrawnPicture.h"

#include <cstddef>

namespace camera {
namespace {

// Digits, three by five, a row after the other from the top; the lowest bit is on the left.
constexpr std::uint16_t kDigits[10] = {0x7B6F, 0x7492, 0x73E7, 0x79E7, 0x49ED, 0x79CF, 0x7BCF, 0x4927, 0x7BEF, 0x79EF};

// Code lengths of DC differences, by category 0 to 11, as in the standard's annex K.3; the codes follow from them.
constexpr std::uint8_t kDcCounts[16] = {0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0};
constexpr std::uint8_t kDcLengths[12] = {2, 3, 3, 3, 3, 3, 4, 5, 6, 7, 8, 9};
constexpr std::uint16_t kDcCodes[12] = {0, 2, 3, 4, 5, 6, 14, 30, 62, 126, 254, 510};

class Bits {
 public:
  explicit Bits(std::vector<std::uint8_t>& out) : out_(out) {}

  void put(std::uint32_t bits, unsigned count) {
    held_ = held_ << count | bits;
    count_ += count;
    while (count_ >= 8) {
      count_ -= 8;
      const auto byte = static_cast<std::uint8_t>(held_ >> count_);
      out_.push_back(byte);
      if (byte == 0xFF) out_.push_back(0);
      held_ &= (1U << count_) - 1;
    }
  }

  void fill() {
    if (count_ > 0) put((1U << (8 - count_)) - 1, 8 - count_);
  }

 private:
  std::vector<std::uint8_t>& out_;
  std::uint32_t held_ = 0;
  unsigned count_ = 0;
};

void put_flat_block(Bits& bits, int value, int* before) {
  int difference = value - *before;
  *before = value;
  unsigned category = 0;
  for (int rest = difference < 0 ? -difference : difference; rest > 0; rest >>= 1) ++category;
  bits.put(kDcCodes[category], kDcLengths[category]);
  if (difference < 0) difference += (1 << category) - 1;
  if (category > 0) bits.put(static_cast<std::uint32_t>(difference), category);
  bits.put(0, 1);  // no more coefficients: the only AC code there is
}

bool is_digit_tile(unsigned across, unsigned down, std::uint64_t number, unsigned columns) {
  constexpr unsigned kTilesPerDot = 2;
  char digits[20];
  unsigned count = 0;
  do {
    digits[count++] = static_cast<char>(number % 10);
    number /= 10;
  } while (number > 0);
  const unsigned width = count * 4 * kTilesPerDot;
  if (columns < width + 2 || across < 2 || down < 2) return false;
  const unsigned x = (across - 2) / kTilesPerDot, y = (down - 2) / kTilesPerDot;
  if (y >= 5 || x / 4 >= count || x % 4 == 3) return false;
  const auto digit = static_cast<std::size_t>(digits[count - 1 - x / 4]);
  return (kDigits[digit] >> (y * 3 + x % 4) & 1) != 0;
}

}  // namespace

void draw_picture(std::uint16_t width, std::uint16_t height, std::uint64_t number, std::vector<std::uint8_t>& jpeg) {
  const auto add = [&jpeg](std::initializer_list<int> bytes) {
    for (const int byte : bytes) jpeg.push_back(static_cast<std::uint8_t>(byte));
  };
  jpeg.clear();
  add({0xFF, 0xD8, 0xFF, 0xE0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0});
  add({0xFF, 0xDB, 0, 67, 0});
  for (int i = 0; i < 64; ++i) add({8});  // a DC coefficient is then the colour itself
  add({0xFF, 0xC0, 0, 17, 8, height >> 8, height & 0xFF, width >> 8, width & 0xFF, 3});
  for (int component = 1; component <= 3; ++component) add({component, 0x11, 0});
  add({0xFF, 0xC4, 0, 31, 0x00});
  for (const int count : kDcCounts) add({count});
  for (int category = 0; category < 12; ++category) add({category});
  add({0xFF, 0xC4, 0, 20, 0x10, 1});  // one AC code, one bit long: end of block
  for (int i = 0; i < 15; ++i) add({0});
  add({0x00});
  add({0xFF, 0xDA, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 63, 0});

  Bits bits(jpeg);
  int before[3] = {0, 0, 0};
  const unsigned columns = (width + 7U) / 8, rows = (height + 7U) / 8;
  const auto shift = static_cast<unsigned>(number * 3);
  for (unsigned down = 0; down < rows; ++down) {
    for (unsigned across = 0; across < columns; ++across) {
      int colour[3] = {static_cast<int>((across + shift) * 3 % 160) - 80, static_cast<int>((down * 5 + shift) % 120) - 60,
                       static_cast<int>((across + down * 2) % 100) - 50};
      if (is_digit_tile(across, down, number, columns)) colour[0] = 120, colour[1] = colour[2] = 0;
      for (int i = 0; i < 3; ++i) put_flat_block(bits, colour[i], &before[i]);
    }
  }
  bits.fill();
  add({0xFF, 0xD9});
}

}  // namespace camera
