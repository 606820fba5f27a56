#include "SettingsTrial.h"

namespace camera {
namespace {

constexpr std::string_view kNote = "settings";

}  // namespace

void SettingsTrial::begin() {
  FixedText<kMaxNote> note;
  is_on_trial_ = false;
  confirmed_ = Settings();
  if (!notes_.read(kNote, note)) return;
  Settings settings;
  if (settings.read(Fields(note.view())).empty()) {
    confirmed_ = settings;
  } else {
    log_.line(LogLevel::Warning, "the settings kept here cannot be read; those of a new camera are in force");
  }
}

bool SettingsTrial::offer(std::string_view text, std::uint64_t now_ms) {
  const Fields fields(text);
  const auto version = fields.integer("version");
  if (!version || *version <= 0) return false;
  const auto offered = static_cast<std::uint64_t>(*version);
  if (offered <= in_force().version || offered == refused_version_) return false;
  // The archive sends all that is set, so what it leaves out is as in a new camera.
  Settings settings;
  const std::string_view fault = settings.read(fields);
  if (!fault.empty()) {
    refused_version_ = offered;
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
  }  // else the trial goes on, and ends in the old settings if they can never be written down
}

bool SettingsTrial::step(std::uint64_t now_ms) {
  if (!is_on_trial_) return false;
  const std::uint64_t patience_ms = kLeastMs + std::uint64_t{3} * tried_.interval_s * 1000;
  if (now_ms - began_ms_ < patience_ms) return false;
  refused_version_ = tried_.version;
  is_on_trial_ = false;
  log_.line(LogLevel::Warning, "no frame was kept under the new settings; the old ones are in force again");
  return true;
}

}  // namespace camera
