// Settings in force: new ones are on trial until a frame taken under them is kept, else the old ones come back.
#pragma once

#include <cstdint>

#include "Notes.h"
#include "Ports.h"
#include "Settings.h"

namespace camera {

class SettingsTrial {
 public:
  /// Long enough for a few shots and a bad hour of Wi-Fi: what is tried may be a longer interval.
  static constexpr std::uint64_t kLeastMs = 15 * 60'000;

  SettingsTrial(Notes& notes, Log& log) : notes_(notes), log_(log) {}

  /// At a start: what was confirmed last. A trial does not survive it.
  void begin();

  const Settings& in_force() const { return is_on_trial_ ? tried_ : confirmed_; }
  bool is_on_trial() const { return is_on_trial_; }

  /// `Camera-Settings` of an answer. True when they are new and in force now. What cannot be is refused with a sentence
  /// in the log, and so is a version that failed before.
  bool offer(std::string_view text, std::uint64_t now_ms);

  /// A frame was kept whose shutter fired at `up_ms` of this boot: settings as old as that have proven themselves.
  void kept(std::uint64_t up_ms);

  /// True when a trial has failed and the old settings are in force again.
  bool step(std::uint64_t now_ms);

  /// The version that was refused or failed last; 0: none.
  std::uint64_t refused_version() const { return refused_version_; }

 private:
  Notes& notes_;
  Log& log_;
  Settings confirmed_;
  Settings tried_;
  bool is_on_trial_ = false;
  std::uint64_t began_ms_ = 0;
  std::uint64_t refused_version_ = 0;
};

}  // namespace camera
