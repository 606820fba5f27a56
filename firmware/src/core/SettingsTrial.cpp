#include "SettingsTrial.h"

namespace camera {
namespace {

constexpr std::string_view kNote = "settings", kRefusedNote = "refused";

}  // namespace

void SettingsTrial::begin(std::uint64_t now_ms) {
  FixedText<kMaxNote> note;
  is_on_trial_ = false;
  confirmed_ = Settings();
  if (notes_.read(kNote, note)) {
    Settings settings;
    if (settings.read(Fields(note.view())).empty()) {
      confirmed_ = settings;
    } else {
      log_.line(LogLevel::Warning, "the settings kept here cannot be read; those of a new camera are in force");
    }
  }
  note.clear();
  if (!notes_.read(kRefusedNote, note)) return;
  const Fields fields(note.view());
  const auto number = [&fields](std::string_view key) {
    const auto value = fields.integer(key).value_or(0);
    return static_cast<std::uint64_t>(value > 0 ? value : 0);
  };
  refused_version_ = number("version");
  failed_times_ = number("times");
  failed_ms_ = number("up");
  if (failed_ms_ > now_ms) failed_ms_ = now_ms;  // `up` of another boot: as if it were now
}

bool SettingsTrial::offer(std::string_view text, std::uint64_t now_ms) {
  const Fields fields(text);
  const auto version = fields.integer("version");
  if (!version || *version <= 0) return false;
  const auto offered = static_cast<std::uint64_t>(*version);
  if (offered <= in_force().version || !may_be_tried(offered, now_ms)) return false;
  // The archive sends all that is set, so what it leaves out is as in a new camera.
  Settings settings;
  const std::string_view fault = settings.read(fields);
  if (!fault.empty()) {
    refuse(offered, std::nullopt);
    FixedText<160> line;
    line.add("settings refused: ").add(fault);
    log_.line(LogLevel::Warning, line.view());
    return false;
  }
  tried_ = settings;
  is_on_trial_ = true;
  began_ms_ = now_ms;
  return true;
}

void SettingsTrial::kept(std::uint64_t up_ms) {
  if (!is_on_trial_ || up_ms < began_ms_) return;
  FixedText<kMaxNote> note;
  if (tried_.write(note) && notes_.write(kNote, note.view())) {
    confirmed_ = tried_;
    is_on_trial_ = false;
    if (refused_version_ != 0) notes_.write(kRefusedNote, "");
    refused_version_ = 0;
  }  // else the trial goes on, and ends in the old settings if they can never be written down
}

bool SettingsTrial::step(std::uint64_t now_ms) {
  if (!is_on_trial_) return false;
  if (now_ms - began_ms_ < kPatienceMs) return false;
  refuse(tried_.version, now_ms);
  is_on_trial_ = false;
  log_.line(LogLevel::Warning, "no frame was kept under the new settings; the old ones are in force again for a while");
  return true;
}

/// `now_ms`: when it failed; none: it can never be.
void SettingsTrial::refuse(std::uint64_t version, std::optional<std::uint64_t> now_ms) {
  failed_times_ = !now_ms ? 0 : version == refused_version_ ? failed_times_ + 1 : 1;
  failed_ms_ = now_ms.value_or(0);
  refused_version_ = version;
  FixedText<96> note;
  FieldsWriter(note)
      .integer("version", static_cast<std::int64_t>(version))
      .integer("times", static_cast<std::int64_t>(failed_times_))
      .integer("up", static_cast<std::int64_t>(failed_ms_));
  notes_.write(kRefusedNote, note.view());  // else it is known until the next start
}

bool SettingsTrial::may_be_tried(std::uint64_t version, std::uint64_t now_ms) const {
  if (version != refused_version_) return true;
  if (failed_times_ == 0) return false;
  const std::uint64_t doublings = failed_times_ - 1 < kMostDoublings ? failed_times_ - 1 : kMostDoublings;
  return now_ms - failed_ms_ >= kAgainMs << doublings;
}

}  // namespace camera
