// Frames in memory between the task that takes and the task that keeps: a queue with one writer and one reader, no lock.
//
// The rules of this file:
// * The writer never waits: what does not fit is counted as a run of missed numbers, which joins the queue when it can.
// * The reader may let go of frames in any order; their room is free again once everything older is gone too.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "Frame.h"
#include "Losses.h"

namespace camera {

/// A frame in the ring, or numbers that have none.
struct Slot {
  FrameName name;           // of missed numbers, the first
  std::uint64_t count = 1;  // how many were missed
  bool is_missed = false;
  LossReason reason = LossReason::AtRisk;  // why they were
  std::uint64_t up_ms = 0;
  std::optional<std::uint64_t> taken_ms;
  std::optional<Sha256> sha256;
  Bytes bytes;

  // The reader's own:
  bool is_booked = false;    // its number is written down
  bool is_lent = false;
  bool is_released = false;
};

class Ring final : public FrameOwner {
 public:
  Ring(Slot* slots, std::uint32_t slot_count, Room bytes);

  // -- the writer's side

  /// Copies the frame in: the one copy it meets on its way to the socket. False: no room; call `miss` for its number.
  bool push(const Frame& frame);

  /// Numbers the next frame's name with a reason instead of a picture. Runs join where they touch.
  void miss(const FrameName& name, LossReason reason);

  /// Finds a slot for missed numbers that have none yet. Call it often.
  void settle();

  /// Frames that wait, as the writer sees it.
  std::uint32_t waiting() const;

  // -- the reader's side

  std::uint32_t size() const;
  Slot& at(std::uint32_t i);  // oldest first, the released ones among them too
  bool is_empty() const;      // no frame, and no missed number that waits for a slot
  bool is_half_full();

  /// The frame of a slot, for sending; it stays in the ring until it is released.
  Frame lend(Slot& slot);
  void release(Slot& slot);
  void give_back(const std::uint8_t* data) override;

 private:
  bool find_room(std::size_t size_bytes, std::size_t* offset) const;
  bool push_missed();
  void advance();

  Slot* slots_;
  std::uint32_t slot_count_;
  Room bytes_;
  std::atomic<std::uint32_t> head_{0};  // slots ever written; the writer's
  std::atomic<std::uint32_t> tail_{0};  // slots ever freed; the reader's
  std::size_t write_at_ = 0;            // the writer's
  Slot missed_;                         // a run that found no slot yet; the writer's
  std::atomic<bool> has_missed_{false};  // written by the writer alone
};

}  // namespace camera
