// A JPEG drawn by hand: coloured tiles that move, and a number to tell one picture from the next. Any decoder shows it.
#pragma once

#include <cstdint>
#include <vector>

namespace camera {

/// Baseline, 4:4:4, one flat colour for every 8 × 8 pixels. The same words give the same bytes. `jpeg` is replaced.
void draw_picture(std::uint16_t width, std::uint16_t height, std::uint64_t number, std::vector<std::uint8_t>& jpeg);

}  // namespace camera
