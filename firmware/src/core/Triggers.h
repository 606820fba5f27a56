// When to take a frame: by interval, by buttons with a delay each, by motion, on request; in the hours that are wanted.
//
// The rules of this file:
// * A trigger is due at a moment, whatever the network does; whoever asks often enough hears of it within one tick.
// * Intervals count from the shot before, and do not drift; those that could not be taken are counted, not made up.
// * Buttons and requests count at any hour, interval and motion only within the windows. Without a clock all hours do.
// * What a button has promised outlives sleep and restarts, until `done`: also one while its frame is being taken. A shot
//   in which the board dies again and again is given up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "Pins.h"
#include "Settings.h"
#include "Text.h"

namespace camera {

enum class TriggerKind : std::uint8_t { Interval, Button, Motion, Request };
const char* c_str(TriggerKind kind);

struct Trigger {
  TriggerKind kind = TriggerKind::Interval;
  std::uint64_t at_ms = 0;  // `up` when it was due
};

class Triggers {
 public:
  static constexpr std::size_t kMaxPending = 10;
  static constexpr std::uint64_t kBounceMs = 50;
  static constexpr std::uint64_t kMostTries = 3;

  /// At a start and whenever settings change: newer ones prove themselves with one shot at once. The first shot by
  /// interval is due at once, or goes on from `last_ms`.
  void begin(const Settings& settings, std::optional<std::uint64_t> last_ms);
  void set(const Settings& settings);

  /// The pins as they are now.
  void see(std::uint32_t levels, std::uint64_t now_ms, std::optional<std::uint64_t> unix_ms);

  /// One shot, now.
  void request() { is_requested_ = true; }

  /// The trigger that is due, the earliest first; each is told once.
  std::optional<Trigger> due(std::uint64_t now_ms, std::optional<std::uint64_t> unix_ms);

  /// What was due last has come to its end, with a frame or without.
  void done();

  /// When the next is due that is known of, for sleeping until then; nothing when only a pin can bring one.
  std::optional<std::uint64_t> next_ms(std::uint64_t now_ms, std::optional<std::uint64_t> unix_ms) const;

  std::size_t pending() const { return pending_count_; }        // those that are due and not done among them
  std::uint64_t skipped() const { return skipped_; }            // intervals in which there was no time for a shot
  std::uint64_t presses_refused() const { return refused_; }    // beyond ten pending shots

  /// The pending shots, as a note, whenever `has_changed`. In the boot that wrote it, sleep between or not, they are due by
  /// `up`; in another one, in which `up` began anew, by the clock where there is one; else the whole delay counts again.
  bool has_changed() const { return has_changed_; }
  bool write(Text& out, std::uint64_t boot);
  void read(std::string_view note, std::uint64_t boot, std::uint64_t now_ms, std::optional<std::uint64_t> unix_ms);

 private:
  struct Pending {
    std::uint64_t at_ms = 0;
    std::uint64_t unix_ms = 0;  // the same moment; 0: no clock
    std::uint64_t delay_ms = 0;
    std::uint64_t tries = 0;  // how often it was due
    bool is_due = false;      // and is not done
  };

  bool is_open_hour(std::optional<std::uint64_t> unix_ms) const;
  void add(const Pending& pending);

  Windows windows_;
  std::int32_t utc_offset_min_ = 0;
  std::uint64_t interval_ms_ = 0;
  std::uint64_t delay_ms_[kButtons] = {};
  std::uint64_t motion_pause_ms_ = 0;
  std::uint64_t shot_ = 0;
  std::uint64_t version_ = 0;

  std::optional<std::uint64_t> last_interval_ms_;
  std::optional<std::uint64_t> last_motion_ms_;
  std::optional<std::uint64_t> motion_ms_;  // it was active, and no shot yet
  bool is_requested_ = false;
  Pending pending_[kMaxPending];  // rising
  std::size_t pending_count_ = 0;
  std::uint32_t levels_ = 0;
  std::uint64_t changed_ms_[kButtons + 1] = {};
  bool has_levels_ = false;
  bool has_changed_ = false;
  std::uint64_t skipped_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace camera
