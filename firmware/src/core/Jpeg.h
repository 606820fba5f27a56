// What a JPEG's own markers say of it, without decoding it. Pure; time linear in its length.
#pragma once

#include <cstddef>
#include <cstdint>

namespace camera {

struct Jpeg {
  bool is_jpeg = false;  // begins as one and says how large the picture is
  bool is_whole = false;  // the walk found a scan and then the true end
  uint16_t width = 0;
  uint16_t height = 0;
  uint32_t scans = 0;
  size_t size_bytes = 0;  // up to and with the true end; all bytes where there is none
};

// The driver looks for the end *backwards* and may stop at a stale FFD9 behind the true one; walking forwards over the
// markers finds the true end. Agrees with the archive's own reading (tests/vectors/jpeg.json).
Jpeg look_at(const uint8_t* bytes, size_t size_bytes);

}  // namespace camera
