#include "Ring.h"

#include <cstring>

namespace camera {

Ring::Ring(Slot* slots, std::uint32_t slot_count, Room bytes) : slots_(slots), slot_count_(slot_count), bytes_(bytes) {}

bool Ring::push(const Frame& frame) {
  if (has_missed_ && !push_missed()) return false;
  std::size_t offset = 0;
  const Bytes bytes = frame.bytes();
  if (!find_room(bytes.size, &offset)) return false;
  std::memcpy(bytes_.data + offset, bytes.data, bytes.size);
  const std::uint32_t head = head_.load(std::memory_order_relaxed);
  Slot& slot = slots_[head % slot_count_];
  slot = Slot{};
  slot.name = frame.name;
  slot.up_ms = frame.up_ms;
  slot.taken_ms = frame.taken_ms;
  slot.sha256 = frame.sha256;
  slot.bytes = Bytes{bytes_.data + offset, bytes.size};
  write_at_ = offset + bytes.size;
  head_.store(head + 1, std::memory_order_release);
  return true;
}

void Ring::miss(const FrameName& name, LossReason reason) {
  // A run without a slot goes on whatever the reason: what counts is that no number is left out.
  if (has_missed_ && missed_.name.boot == name.boot && (missed_.reason == reason || !push_missed())) {
    ++missed_.count;
  } else {
    missed_ = Slot{};
    missed_.name = name;
    missed_.is_missed = true;
    missed_.reason = reason;
    has_missed_ = true;
  }
  push_missed();
}

void Ring::settle() {
  if (has_missed_) push_missed();
}

bool Ring::is_empty() const { return !has_missed_ && size() == 0; }

std::uint32_t Ring::waiting() const {
  return head_.load(std::memory_order_relaxed) - tail_.load(std::memory_order_acquire);
}

std::uint32_t Ring::size() const {
  return head_.load(std::memory_order_acquire) - tail_.load(std::memory_order_relaxed);
}

Slot& Ring::at(std::uint32_t i) { return slots_[(tail_.load(std::memory_order_relaxed) + i) % slot_count_]; }

bool Ring::is_half_full() {
  std::size_t used = 0;
  for (std::uint32_t i = 0; i < size(); ++i) used += at(i).bytes.size;
  return used > bytes_.size / 2 || size() > slot_count_ / 2;
}

Frame Ring::lend(Slot& slot) {
  slot.is_lent = true;
  Frame frame(*this, slot.bytes);
  frame.name = slot.name;
  frame.up_ms = slot.up_ms;
  frame.taken_ms = slot.taken_ms;
  frame.sha256 = slot.sha256;
  return frame;
}

void Ring::release(Slot& slot) {
  slot.is_released = true;
  advance();
}

void Ring::give_back(const std::uint8_t* data) {
  for (std::uint32_t i = 0; i < size(); ++i)
    if (at(i).is_lent && at(i).bytes.data == data) at(i).is_lent = false;
  advance();
}

bool Ring::find_room(std::size_t size_bytes, std::size_t* offset) const {
  const std::uint32_t head = head_.load(std::memory_order_relaxed);
  const std::uint32_t tail = tail_.load(std::memory_order_acquire);
  if (head - tail >= slot_count_ || size_bytes == 0 || size_bytes > bytes_.size) return false;
  const Slot* oldest = nullptr;
  for (std::uint32_t i = tail; i != head && oldest == nullptr; ++i)
    if (!slots_[i % slot_count_].bytes.is_empty()) oldest = &slots_[i % slot_count_];
  *offset = 0;
  if (oldest == nullptr) return true;
  const auto begin = static_cast<std::size_t>(oldest->bytes.data - bytes_.data);
  if (write_at_ > begin) {  // used: from begin to write_at_
    if (bytes_.size - write_at_ < size_bytes) return size_bytes < begin;
    *offset = write_at_;
    return true;
  }
  *offset = write_at_;  // free: from write_at_ to begin, never filled wholly, so that equal means empty
  return size_bytes < begin - write_at_;
}

bool Ring::push_missed() {
  const std::uint32_t head = head_.load(std::memory_order_relaxed);
  if (head - tail_.load(std::memory_order_acquire) >= slot_count_) return false;
  slots_[head % slot_count_] = missed_;
  head_.store(head + 1, std::memory_order_release);
  has_missed_ = false;  // behind the head, so that `is_empty` sees one or the other
  return true;
}

void Ring::advance() {
  std::uint32_t tail = tail_.load(std::memory_order_relaxed);
  const std::uint32_t head = head_.load(std::memory_order_acquire);
  while (tail != head && slots_[tail % slot_count_].is_released && !slots_[tail % slot_count_].is_lent) ++tail;
  tail_.store(tail, std::memory_order_release);
}

}  // namespace camera
