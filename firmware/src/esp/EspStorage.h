// Where frames wait for the archive: the card if there is one, else the flash partition `spool`.
#pragma once

#include <cstdint>

#include "../core/Files.h"
#include "../core/Ports.h"
#include "Boards.h"

namespace camera {

struct Mounted {
  const char* folder = nullptr;  // nullptr: neither card nor partition works
  std::uint64_t size_bytes = 0;
  bool is_card = false;
};

// Mounts it. A card is never formatted; the partition is, when it cannot be read. A card that mounts and takes no files
// (write-protected, or of a file system in ruins) is none.
Mounted mount(const Board& board, Files& files, Log& log);

}  // namespace camera
