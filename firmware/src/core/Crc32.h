// The CRC-32 of IEEE 802.3, to tell a whole record from one that a power cut tore.
#pragma once

#include <cstddef>
#include <cstdint>

namespace camera {

// Of `bytes`, going on from `crc`: pieces one after the other give the same as the whole. Four bits at a time, as it is
// reckoned twice for each frame; a table for eight would be 1 KB.
inline uint32_t crc32(const void* bytes, size_t size_bytes, uint32_t crc = 0) {
  static constexpr uint32_t kOfNibble[16] = {
      0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
      0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C};
  const auto* byte = static_cast<const uint8_t*>(bytes);
  crc = ~crc;
  for (size_t i = 0; i < size_bytes; ++i) {
    crc ^= byte[i];
    crc = (crc >> 4) ^ kOfNibble[crc & 15];
    crc = (crc >> 4) ^ kOfNibble[crc & 15];
  }
  return ~crc;
}

}  // namespace camera
