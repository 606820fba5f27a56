// One good frame for one trigger: newer than it, settled, whole, of the right size; or the word that there is none.
//
// The rules of this file:
// * A frame counts when its shutter fired at or after the trigger, and after the sensor was told what it shall do. What
//   the driver had queued before is passed over.
// * After a start or a wake exposure settles by time *and* count. What is passed over for it is counted.
// * A frame is looked at by walking its markers, and cut off behind its true end.
// * Frames that come broken, or not at all, make the pictures smaller a step at a time: they overflow the driver's
//   buffer. They come back to what was asked for after a long run of good ones.
// * A sensor that gives nothing climbs a ladder: driver anew, power taken away, the whole board anew (a bounded number
//   of times), then "needs a power cycle", said and tried again now and then. One that never can is left alone.
#pragma once

#include <cstdint>
#include <optional>

#include "Jpeg.h"
#include "Ports.h"

namespace camera {

class Taker {
 public:
  struct Rules {
    std::uint32_t settle_ms = 1500;
    std::uint32_t settle_frames = 6;
    std::uint32_t patience_ms = 20'000;  // with one trigger, what settling may take not included
    std::uint32_t slowest_frame_ms = 500;
    std::uint32_t pause_ms = 500;        // after the driver had nothing: one that has not started says so at once
    std::uint32_t rungs = 3;             // failures before the next step of the ladder
    std::uint32_t max_machine_restarts = 3;
  };

  /// What was passed over, and why.
  struct Counts {
    std::uint64_t stale = 0;     // older than their trigger, or than what the sensor was told
    std::uint64_t settling = 0;  // before exposure had settled
    std::uint64_t broken = 0;    // no JPEG, without end, or of another size
    std::uint64_t none = 0;      // the driver had nothing
    std::uint64_t discarded() const { return stale + settling + broken; }
  };

  enum class Result : std::uint8_t { Working, Taken, Missed };

  static constexpr std::uint8_t kQualityStep = 4;
  static constexpr std::uint8_t kWorstQuality = 40;
  static constexpr std::uint32_t kGoodRun = 200;  // frames, before quality is tried a step better again

  Taker(FrameSource& source, Log& log) : source_(source), log_(log) {}

  /// At a start or a wake. `machine_restarts`: how often the board was started anew for its sensor's sake, in a row.
  void begin(std::uint32_t machine_restarts);

  void set(const SensorSettings& wanted, std::uint32_t settle_ms, std::uint32_t settle_frames);

  /// A trigger has fired, at `at_ms`.
  void start(std::uint64_t at_ms, std::uint64_t now_ms);
  bool is_busy() const { return is_busy_; }

  /// One look at what the driver has. Taken: `frame` is the one, cut to its end, without a name.
  Result step(std::uint64_t now_ms, Frame& frame);

  /// The board shall start anew, for the sensor's sake; said once per climb.
  bool wants_machine_restart();

  /// It gave nothing whatever was done: only somebody who pulls the plug can help.
  bool needs_power_cycle() const { return needs_power_cycle_; }
  bool is_working() const { return is_working_; }  // its last look at the sensor ended in a frame

  const Counts& counts() const { return counts_; }
  std::uint8_t quality() const { return applied_.quality; }

 private:
  std::uint64_t patience_ms() const;
  bool is_good(const Jpeg& jpeg);
  void failed();
  void succeeded();
  void apply();

  FrameSource& source_;
  Log& log_;
  Rules rules_;
  SensorSettings wanted_;
  SensorSettings applied_;
  bool is_applied_ = false;
  std::optional<std::uint64_t> applied_ms_;  // since when every frame is as it was told; none: the next look will tell
  Counts counts_;

  bool is_busy_ = false;
  std::uint64_t at_ms_ = 0;
  std::uint64_t began_ms_ = 0;
  std::uint64_t look_again_ms_ = 0;

  bool is_settled_ = false;
  bool has_first_ = false;  // since the start
  std::uint64_t first_ms_ = 0;
  std::uint32_t frames_ = 0;

  std::uint32_t failures_ = 0;  // in a row
  std::uint32_t good_run_ = 0;
  std::uint32_t machine_restarts_ = 0;
  bool wants_machine_restart_ = false;
  bool needs_power_cycle_ = false;
  bool is_working_ = false;

  std::uint16_t odd_width_ = 0;  // a size not asked for, and how often it came in a row
  std::uint16_t odd_height_ = 0;
  std::uint32_t odd_count_ = 0;
};

}  // namespace camera
