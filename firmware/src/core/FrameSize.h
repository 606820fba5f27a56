// The picture sizes a camera can be asked for, by the names that settings use.
#pragma once

#include <cstdint>
#include <string_view>

namespace camera {

/// Smallest first, so that "no larger than" is a comparison.
enum class FrameSize : std::uint8_t { QVGA, VGA, SVGA, XGA, HD, SXGA, UXGA, FHD, QXGA, QSXGA };

struct FrameDimensions {
  FrameSize size;
  std::string_view name;
  std::uint16_t width;
  std::uint16_t height;
};

inline constexpr FrameDimensions kFrameSizes[] = {
    {FrameSize::QVGA, "QVGA", 320, 240},     {FrameSize::VGA, "VGA", 640, 480},   {FrameSize::SVGA, "SVGA", 800, 600},
    {FrameSize::XGA, "XGA", 1024, 768},      {FrameSize::HD, "HD", 1280, 720},    {FrameSize::SXGA, "SXGA", 1280, 1024},
    {FrameSize::UXGA, "UXGA", 1600, 1200},   {FrameSize::FHD, "FHD", 1920, 1080}, {FrameSize::QXGA, "QXGA", 2048, 1536},
    {FrameSize::QSXGA, "QSXGA", 2560, 1920},
};

constexpr const FrameDimensions& dimensions(FrameSize size) { return kFrameSizes[static_cast<std::uint8_t>(size)]; }

}  // namespace camera
