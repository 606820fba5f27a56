#include "Jpeg.h"

#include <cstring>

namespace camera {
namespace {

constexpr uint8_t kStart = 0xD8, kEnd = 0xD9, kScan = 0xDA;
constexpr uint32_t kMaxPieces = 10000;  // as in the archive: a camera writes about ten

// Left out are stuffed zeros, fill bytes, restart markers and the codes the standard reserves: inside coded data those
// can only be damage, and a length read from damage leads nowhere.
bool is_marker(uint8_t code) {
  return (code >= 0xC0 && code <= 0xCF) || (code >= 0xD8 && code <= 0xEF) || code == 0xFE;
}

bool has_size(uint8_t code) {
  return code >= 0xC0 && code <= 0xCF && code != 0xC4 && code != 0xC8 && code != 0xCC;
}

// Where the next marker begins, from `at` on; `size_bytes` when there is none. Nearly all of a frame is passed over
// here, and memchr does so a word at a time or better.
size_t next_marker(const uint8_t* bytes, size_t size_bytes, size_t at) {
  while (at + 1 < size_bytes) {
    const void* found = std::memchr(bytes + at, 0xFF, size_bytes - 1 - at);
    if (found == nullptr) break;
    at = static_cast<size_t>(static_cast<const uint8_t*>(found) - bytes);
    if (is_marker(bytes[at + 1])) return at;
    ++at;
  }
  return size_bytes;
}

uint16_t big_endian(const uint8_t* bytes) { return static_cast<uint16_t>(bytes[0] << 8 | bytes[1]); }

}  // namespace

Jpeg look_at(const uint8_t* bytes, size_t size_bytes) {
  Jpeg found;
  found.size_bytes = size_bytes;
  if (size_bytes < 2 || bytes[0] != 0xFF || bytes[1] != kStart) return found;
  bool is_sized = false;
  size_t at = 2;
  for (uint32_t piece = 0; piece < kMaxPieces; ++piece) {
    // Searching for the next marker instead of demanding it crosses the coded data behind a scan's header.
    at = next_marker(bytes, size_bytes, at);
    if (at == size_bytes) break;
    const uint8_t code = bytes[at + 1];
    at += 2;
    if (code == kStart) continue;
    if (code == kEnd) {
      found.size_bytes = at;
      found.is_whole = is_sized && found.scans > 0;
      break;
    }
    if (code == kScan) ++found.scans;
    if (has_size(code) && !is_sized) {
      if (size_bytes - at < 7) break;
      found.height = big_endian(bytes + at + 3);
      found.width = big_endian(bytes + at + 5);
      is_sized = true;
    }
    if (size_bytes - at < 2) break;
    const size_t length = big_endian(bytes + at);  // segments are skipped whole, with the thumbnails inside them
    if (length > size_bytes - at) break;
    at += length;
  }
  found.is_jpeg = is_sized && found.width > 0 && found.height > 0;
  found.is_whole = found.is_whole && found.is_jpeg;
  return found;
}

}  // namespace camera
