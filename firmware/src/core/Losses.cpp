#include "Losses.h"

#include <cstdio>
#include <cstring>

#include "Crc32.h"

namespace camera {
namespace {

constexpr uint32_t kMagic = 0x4C6F7331;  // "Los1"
constexpr size_t kRecordBytes = 32;
constexpr size_t kHeadBytes = 16;  // magic, generation, count, CRC of these and of all records
constexpr size_t kRecordsAtOnce = 16;
constexpr size_t kPathBytes = 128;

void put(uint8_t* bytes, uint64_t value, size_t size_bytes) {
  for (size_t i = 0; i < size_bytes; ++i) bytes[i] = static_cast<uint8_t>(value >> (8 * i));
}

uint64_t get(const uint8_t* bytes, size_t size_bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < size_bytes; ++i) value |= static_cast<uint64_t>(bytes[i]) << (8 * i);
  return value;
}

// boot, from, to, reason: eight bytes each
void put(uint8_t* bytes, const Loss& loss) {
  put(bytes, loss.boot, 8);
  put(bytes + 8, loss.from, 8);
  put(bytes + 16, loss.to, 8);
  put(bytes + 24, static_cast<uint64_t>(loss.reason), 8);
}

Loss get_loss(const uint8_t* bytes) {
  Loss loss;
  loss.boot = get(bytes, 8);
  loss.from = get(bytes + 8, 8);
  loss.to = get(bytes + 16, 8);
  loss.reason = static_cast<LossReason>(bytes[24]);
  return loss;
}

const char* name_of(uint32_t generation) { return generation % 2 == 0 ? "losses-0" : "losses-1"; }

}  // namespace

const char* c_str(LossReason reason) {
  switch (reason) {
    case LossReason::AtRisk:
      return "at-risk";
    case LossReason::SpoolFull:
      return "spool-full";
    case LossReason::Sensor:
      return "sensor";
    case LossReason::PowerCut:
      return "power-cut";
    case LossReason::Refused:
      return "refused";
    case LossReason::Damaged:
      return "damaged";
    case LossReason::RingFull:
      return "ring-full";
  }
  return "unknown";
}

Losses::Losses(Files& files, const char* folder, Loss* memory, size_t capacity)
    : files_(files), folder_(folder), ranges_(memory), durable_(memory + capacity), capacity_(capacity) {}

bool Losses::open() {
  count_ = durable_count_ = 0;
  generation_ = 0;
  is_changed_ = overflowed_ = false;
  uint32_t generations[2] = {0, 0};
  bool is_whole[2] = {false, false};
  for (uint32_t i = 0; i < 2; ++i) {
    const FileResult result = read(name_of(i), &generations[i]);
    if (result == FileResult::Failed) return false;
    is_whole[i] = result == FileResult::Done;
  }
  if (is_whole[0] || is_whole[1]) {
    const uint32_t newer = !is_whole[1] || (is_whole[0] && generations[0] > generations[1]) ? 0 : 1;
    if (read(name_of(newer), &generation_) != FileResult::Done) return false;
  }
  std::memcpy(durable_, ranges_, count_ * sizeof(Loss));
  durable_count_ = count_;
  return true;
}

void Losses::mark(uint64_t boot, uint64_t from, uint64_t to, LossReason reason) {
  clear(boot, from, to);
  is_changed_ = true;
  // A range that touches another of the same reason becomes part of it; at most one lies below and one above.
  Loss grown{boot, from, to, reason};
  size_t place = count_;
  for (size_t i = 0; i < count_;) {
    const Loss& other = ranges_[i];
    const bool touches = other.boot == boot && other.reason == reason && (other.to + 1 == from || to + 1 == other.from);
    if (!touches) {
      ++i;
      continue;
    }
    if (other.from < grown.from) grown.from = other.from;
    if (other.to > grown.to) grown.to = other.to;
    if (place > i) place = i;
    erase(i);
  }
  insert(place < count_ ? place : count_, grown);
}

void Losses::clear(uint64_t boot, uint64_t from, uint64_t to) {
  for (size_t i = 0; i < count_;) {
    Loss& range = ranges_[i];
    if (range.boot != boot || range.to < from || range.from > to) {
      ++i;
      continue;
    }
    is_changed_ = true;
    if (range.from < from && range.to > to) {
      Loss upper = range;
      upper.from = to + 1;
      range.to = from - 1;
      insert(i + 1, upper);
      i += 2;
    } else if (range.from < from) {
      range.to = from - 1;
      ++i;
    } else if (range.to > to) {
      range.from = to + 1;
      ++i;
    } else {
      erase(i);
    }
  }
}

bool Losses::commit() {
  if (!is_changed_ && !overflowed_) return true;
  if (overflowed_ || (!is_memory_only_ && !write(name_of(generation_ + 1)))) {
    roll_back();
    return false;
  }
  if (!is_memory_only_) ++generation_;
  std::memcpy(static_cast<void*>(durable_), ranges_, count_ * sizeof(Loss));
  durable_count_ = count_;
  is_changed_ = false;
  return true;
}

bool Losses::save() {
  if (!write(name_of(generation_ + 1))) return false;
  ++generation_;
  return true;
}

void Losses::roll_back() {
  std::memcpy(ranges_, durable_, durable_count_ * sizeof(Loss));
  count_ = durable_count_;
  overflowed_ = is_changed_ = false;
}

bool Losses::confessed(const Loss& loss) {
  clear(loss.boot, loss.from, loss.to);
  return commit();
}

bool Losses::next(Loss* loss) const {
  for (size_t i = 0; i < count_; ++i) {
    if (ranges_[i].reason == LossReason::AtRisk) continue;
    *loss = ranges_[i];
    return true;
  }
  return false;
}

uint64_t Losses::lost() const {
  uint64_t numbers = 0;
  for (size_t i = 0; i < count_; ++i)
    if (ranges_[i].reason != LossReason::AtRisk) numbers += ranges_[i].to - ranges_[i].from + 1;
  return numbers;
}

bool Losses::holds(const FrameName& name, LossReason* reason) const {
  for (size_t i = 0; i < count_; ++i) {
    const Loss& range = ranges_[i];
    if (range.boot != name.boot || name.number < range.from || name.number > range.to) continue;
    *reason = range.reason;
    return true;
  }
  return false;
}

bool Losses::would_merge(const FrameName& name, LossReason reason) const {
  for (size_t i = 0; i < count_; ++i) {
    const Loss& range = ranges_[i];
    if (range.boot != name.boot || range.reason != reason) continue;
    if (range.to + 1 == name.number || name.number + 1 == range.from) return true;
  }
  return false;
}

bool Losses::insert(size_t i, const Loss& loss) {
  if (count_ + 1 >= capacity_) {  // the head of the file takes the room of one
    overflowed_ = true;
    return false;
  }
  std::memmove(ranges_ + i + 1, ranges_ + i, (count_ - i) * sizeof(Loss));
  ranges_[i] = loss;
  ++count_;
  return true;
}

void Losses::erase(size_t i) {
  std::memmove(ranges_ + i, ranges_ + i + 1, (count_ - i - 1) * sizeof(Loss));
  --count_;
}

bool Losses::write(const char* name) {
  char path[kPathBytes];
  std::snprintf(path, sizeof path, "%s/%s", folder_, name);
  uint8_t bytes[kRecordBytes * kRecordsAtOnce];
  put(bytes, kMagic, 4);
  put(bytes + 4, generation_ + 1, 4);
  put(bytes + 8, count_, 4);
  uint32_t crc = crc32(bytes, 12);
  for (size_t i = 0; i < count_; ++i) {
    uint8_t record[kRecordBytes];
    put(record, ranges_[i]);
    crc = crc32(record, kRecordBytes, crc);
  }
  put(bytes + 12, crc, 4);
  if (files_.create(path) != FileResult::Done) return false;
  FileResult result = files_.write(bytes, kHeadBytes);
  for (size_t i = 0; i < count_ && result == FileResult::Done;) {
    size_t filled = 0;
    for (; i < count_ && filled < kRecordsAtOnce; ++i, ++filled) put(bytes + filled * kRecordBytes, ranges_[i]);
    result = files_.write(bytes, filled * kRecordBytes);
  }
  if (result == FileResult::Done) result = files_.sync();
  const FileResult closed = files_.close();
  return result == FileResult::Done && closed == FileResult::Done;
}

FileResult Losses::read(const char* name, uint32_t* generation) {
  // The file is read in one go into the half for what is durable, which is free until `open` fills it.
  char path[kPathBytes];
  std::snprintf(path, sizeof path, "%s/%s", folder_, name);
  auto* bytes = reinterpret_cast<uint8_t*>(durable_);
  size_t size_bytes = 0;
  const FileResult result = files_.read(path, bytes, capacity_ * sizeof(Loss), &size_bytes);
  if (result == FileResult::Full) return FileResult::Missing;  // none of ours: ours fit
  if (result != FileResult::Done) return result;
  if (size_bytes < kHeadBytes || get(bytes, 4) != kMagic) return FileResult::Missing;
  const auto count = static_cast<size_t>(get(bytes + 8, 4));
  if (count > capacity_ - 1 || size_bytes != kHeadBytes + count * kRecordBytes) return FileResult::Missing;
  const uint32_t crc = crc32(bytes + kHeadBytes, count * kRecordBytes, crc32(bytes, 12));
  if (crc != get(bytes + 12, 4)) return FileResult::Missing;
  for (size_t i = 0; i < count; ++i) ranges_[i] = get_loss(bytes + kHeadBytes + i * kRecordBytes);
  count_ = count;
  *generation = static_cast<uint32_t>(get(bytes + 4, 4));
  return FileResult::Done;
}

}  // namespace camera
