#include "Boot.h"

#include <cstddef>

#include "Crc32.h"

namespace camera {
namespace {

constexpr std::uint32_t kMagic = 0x426F6F31;  // "Boo1"

/// Of what is in use: it is reckoned twice for each frame, and mostly nothing is carried.
std::uint32_t crc_of(const BootMemory& memory) {
  const std::uint32_t carried = memory.carried_count < BootMemory::kMostCarried ? memory.carried_count : BootMemory::kMostCarried;
  return crc32(memory.carried, carried * sizeof(Loss), crc32(&memory, offsetof(BootMemory, carried)));
}

}  // namespace

Boot::Boot(BootMemory& memory) : memory_(memory) {
  is_wake_ = memory_.magic == kMagic && memory_.crc == crc_of(memory_) && memory_.boot != 0 &&
             memory_.carried_count <= BootMemory::kMostCarried;
  if (is_wake_) {
    ++memory_.wakes;
  } else {
    memory_ = BootMemory();
    memory_.magic = kMagic;
  }
  seal();
}

bool Boot::draw(Random& random) {
  if (is_known()) return true;
  const std::uint32_t high = random.next_u32();
  const std::uint32_t low = random.next_u32();
  if (high == low) return false;  // 0 and 0, or a generator that stands still
  memory_.boot = std::uint64_t{high} << 32 | low;
  seal();
  return true;
}

FrameName Boot::next() {
  const FrameName name{memory_.boot, memory_.next_number};
  ++memory_.next_number;
  seal();
  return name;
}

std::optional<std::uint64_t> Boot::interval_shot_ms() const {
  if (memory_.has_interval_shot == 0) return std::nullopt;
  return memory_.interval_shot_ms;
}

void Boot::set_interval_shot_ms(std::uint64_t up_ms) {
  memory_.interval_shot_ms = up_ms;
  memory_.has_interval_shot = 1;
  seal();
}

void Boot::set_next_report(std::uint64_t number) {
  memory_.next_report = number;
  seal();
}

bool Boot::carry(const Loss& loss) {
  if (memory_.carried_count == BootMemory::kMostCarried) return false;
  memory_.carried[memory_.carried_count++] = loss;
  seal();
  return true;
}

void Boot::put_down() {
  memory_.carried_count = 0;
  seal();
}

void Boot::seal() { memory_.crc = crc_of(memory_); }

}  // namespace camera
