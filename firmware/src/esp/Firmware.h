// What this firmware calls itself in `Camera-Status`.
#pragma once

#include <string_view>

namespace camera {

inline constexpr std::string_view kFirmware = "1.0.0";

}  // namespace camera
