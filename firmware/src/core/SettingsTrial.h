// Settings in force: new ones are on trial until a frame taken under them is kept, else the old ones come back.
//
// The rules of this file:
// * A trial lives in memory alone: whoever starts anew has the old settings. So nobody sleeps while one goes on.
// * What cannot be is refused for good. What was tried in vain may only have met a bad network, and is tried again: after
//   an hour, then two, then four, … Both are written down, so that a camera that sleeps does not try at every wake.
#pragma once

#include <cstdint>
#include <optional>

#include "Notes.h"
#include "Ports.h"
#include "Settings.h"

namespace camera {

class SettingsTrial {
 public:
  /// For the one shot that `Triggers` takes at once for new settings, and a bad quarter of an hour of Wi-Fi.
  static constexpr std::uint64_t kPatienceMs = 15 * 60'000;
  static constexpr std::uint64_t kAgainMs = 60 * 60'000;
  static constexpr unsigned kMostDoublings = 5;

  SettingsTrial(Notes& notes, Log& log) : notes_(notes), log_(log) {}

  /// At a start: what was confirmed last.
  void begin(std::uint64_t now_ms);

  const Settings& in_force() const { return is_on_trial_ ? tried_ : confirmed_; }
  bool is_on_trial() const { return is_on_trial_; }

  /// `Camera-Settings` of an answer. True when they are new and in force now. What cannot be is refused with a sentence
  /// in the log; a version that failed before must wait its time.
  bool offer(std::string_view text, std::uint64_t now_ms);

  /// A frame was kept whose shutter fired at `up_ms` of this boot: settings as old as that have proven themselves.
  void kept(std::uint64_t up_ms);

  /// True when a trial has failed and the old settings are in force again.
  bool step(std::uint64_t now_ms);

  /// The version that was refused or failed last; 0: none.
  std::uint64_t refused_version() const { return refused_version_; }

 private:
  void refuse(std::uint64_t version, std::optional<std::uint64_t> now_ms);
  bool may_be_tried(std::uint64_t version, std::uint64_t now_ms) const;

  Notes& notes_;
  Log& log_;
  Settings confirmed_;
  Settings tried_;
  bool is_on_trial_ = false;
  std::uint64_t began_ms_ = 0;
  std::uint64_t refused_version_ = 0;
  std::uint64_t failed_times_ = 0;  // 0: that version can never be
  std::uint64_t failed_ms_ = 0;
};

}  // namespace camera
