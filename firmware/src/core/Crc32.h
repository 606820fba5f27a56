// The CRC-32 of IEEE 802.3, to tell a whole record from one that a power cut tore.
#pragma once

#include <cstddef>
#include <cstdint>

namespace camera {

// Of `bytes`, going on from `crc`: pieces one after the other give the same as the whole. No table: 16 KB take 1 ms.
inline uint32_t crc32(const void* bytes, size_t size_bytes, uint32_t crc = 0) {
  const auto* byte = static_cast<const uint8_t*>(bytes);
  crc = ~crc;
  for (size_t i = 0; i < size_bytes; ++i) {
    crc ^= byte[i];
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xEDB88320U & (0U - (crc & 1U)));
  }
  return ~crc;
}

}  // namespace camera
