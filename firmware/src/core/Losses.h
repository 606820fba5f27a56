// The numbers that were given up and why, durable until the archive has been told; and those a power cut would take.
//
// The rules of this file:
// * A number is written down here, durably, before anything of its frame is deleted.
// * What is told to the archive is forgotten only when a kept answer carried it (`confessed`).
// * A frame that lies in the ring alone is `AtRisk`: found so at a start, it went with the power.
// * When there is no room for another range, `commit` says no: then nothing may be given up.
#pragma once

#include <cstddef>
#include <cstdint>

#include "Files.h"
#include "FrameName.h"

namespace camera {

enum class LossReason : uint8_t {
  AtRisk = 0,  // not lost: in the ring, numbered, and nowhere else
  SpoolFull = 1,
  Sensor = 2,  // the trigger fired and the sensor gave nothing
  PowerCut = 3,
  Refused = 4,  // by the archive; the frame is set aside on the card while there is room
  Damaged = 5,  // the spooled file cannot be read
  RingFull = 6,  // taken faster than the card could follow
};
const char* c_str(LossReason reason);

/// Numbers of one boot, both ends included.
struct alignas(8) Loss {
  uint64_t boot = 0;
  uint64_t from = 0;
  uint64_t to = 0;
  LossReason reason = LossReason::AtRisk;
};

class Losses {
 public:
  // Two files in `folder`, written in turn, so that a power cut spoils only the older word. `memory` holds twice
  // `capacity` ranges and outlives this.
  Losses(Files& files, const char* folder, Loss* memory, size_t capacity);

  // Read what was durable. Missing files are empty ones; false when they are there and cannot be read.
  bool open();

  // In memory, until `commit`. A number has one reason: the last one given.
  void mark(uint64_t boot, uint64_t from, uint64_t to, LossReason reason);
  void clear(uint64_t boot, uint64_t from, uint64_t to);
  void mark(const FrameName& name, LossReason reason) { mark(name.boot, name.number, name.number, reason); }
  void clear(const FrameName& name) { clear(name.boot, name.number, name.number); }

  // Everything marked and cleared since the last commit becomes durable, or (false) is undone.
  bool commit();
  void roll_back();

  // When the card has failed for good: go on in memory, so that numbers are still confessed while power lasts. False
  // ends that with the next commit that becomes durable. Only after an `open` that was true can it end.
  void set_memory_only(bool is_memory_only) { is_memory_only_ = is_memory_only; }
  bool is_memory_only() const { return is_memory_only_; }
  bool save();  // all of it, whether or not it changed

  // The archive answered `kept` to the request that carried `loss`: exactly these numbers are forgotten.
  bool confessed(const Loss& loss);

  // What to tell next, the longest known first; false when there is nothing.
  bool next(Loss* loss) const;

  size_t size() const { return count_; }  // ranges, those at risk included
  const Loss& at(size_t i) const { return ranges_[i]; }
  size_t room() const { return capacity_ - 1 - count_; }
  uint64_t lost() const;  // numbers not yet told
  bool holds(const FrameName& name, LossReason* reason) const;
  bool would_merge(const FrameName& name, LossReason reason) const;

 private:
  bool insert(size_t i, const Loss& loss);
  void erase(size_t i);
  FileResult read(const char* name, uint32_t* generation);  // Missing also when it was torn
  bool write(const char* name);

  Files& files_;
  const char* folder_;
  Loss* ranges_;
  Loss* durable_;  // what the newer file says
  size_t capacity_;
  size_t count_ = 0;
  size_t durable_count_ = 0;
  uint32_t generation_ = 0;
  bool overflowed_ = false;
  bool is_changed_ = false;
  bool is_memory_only_ = false;
};

}  // namespace camera
