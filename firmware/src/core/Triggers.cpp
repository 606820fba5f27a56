#include "Triggers.h"

namespace camera {
namespace {

constexpr std::uint64_t kMinuteMs = 60'000;

// Keys of a note: one letter and the shot's place.
void put(FieldsWriter& writer, char letter, std::size_t place, std::uint64_t value) {
  const char key[2] = {letter, static_cast<char>('0' + place)};
  writer.integer(std::string_view(key, 2), static_cast<std::int64_t>(value));
}

std::optional<std::uint64_t> get(const Fields& fields, char letter, std::size_t place) {
  const char key[2] = {letter, static_cast<char>('0' + place)};
  const auto value = fields.integer(std::string_view(key, 2));
  if (!value || *value < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*value);
}

}  // namespace

const char* c_str(TriggerKind kind) {
  switch (kind) {
    case TriggerKind::Interval:
      return "interval";
    case TriggerKind::Button:
      return "button";
    case TriggerKind::Motion:
      return "motion";
    case TriggerKind::Request:
      return "request";
  }
  return "?";
}

void Triggers::begin(const Settings& settings, std::optional<std::uint64_t> last_ms) {
  last_interval_ms_ = last_ms;
  shot_ = settings.shot;
  version_ = settings.version;
  set(settings);
}

void Triggers::set(const Settings& settings) {
  windows_ = settings.hours();
  utc_offset_min_ = settings.utc_offset_min;
  interval_ms_ = std::uint64_t{settings.interval_s} * 1000;
  for (unsigned i = 0; i < kButtons; ++i) delay_ms_[i] = std::uint64_t{settings.delay_s[i]} * 1000;
  motion_pause_ms_ = std::uint64_t{settings.motion_pause_s} * 1000;
  if (settings.shot != shot_ || settings.version > version_) request();
  shot_ = settings.shot;
  version_ = settings.version;
}

void Triggers::see(std::uint32_t levels, std::uint64_t now_ms, std::optional<std::uint64_t> unix_ms) {
  // The first look only says how things stand, except for motion: a motion that woke the board is still there.
  if (!has_levels_) levels_ = levels & ~(1U << kMotionPin);
  has_levels_ = true;
  for (unsigned pin = 0; pin <= kMotionPin; ++pin) {
    const std::uint32_t bit = 1U << pin;
    if (((levels ^ levels_) & bit) == 0) continue;
    // Contacts bounce for some milliseconds; the first edge counts, what follows within them does not.
    if (changed_ms_[pin] != 0 && now_ms - changed_ms_[pin] < kBounceMs) continue;
    changed_ms_[pin] = now_ms;
    levels_ ^= bit;
    if ((levels & bit) == 0) continue;
    if (pin == kMotionPin) {
      motion_ms_ = now_ms;
    } else {
      Pending pending;
      pending.at_ms = now_ms + delay_ms_[pin];
      pending.unix_ms = unix_ms ? *unix_ms + delay_ms_[pin] : 0;
      pending.delay_ms = delay_ms_[pin];
      add(pending);
    }
  }
}

std::optional<Trigger> Triggers::due(std::uint64_t now_ms, std::optional<std::uint64_t> unix_ms) {
  for (std::size_t i = 0; i < pending_count_; ++i) {
    Pending& pending = pending_[i];
    if (pending.is_due || pending.at_ms > now_ms) continue;
    pending.is_due = has_changed_ = true;
    ++pending.tries;
    return Trigger{TriggerKind::Button, pending.at_ms};
  }
  if (is_requested_) {
    is_requested_ = false;
    return Trigger{TriggerKind::Request, now_ms};
  }
  const bool is_open = is_open_hour(unix_ms);
  if (motion_ms_) {
    const std::uint64_t at_ms = *motion_ms_;
    motion_ms_.reset();
    if (is_open && (!last_motion_ms_ || at_ms - *last_motion_ms_ >= motion_pause_ms_)) {
      last_motion_ms_ = at_ms;
      return Trigger{TriggerKind::Motion, at_ms};
    }
  }
  if (interval_ms_ == 0) return std::nullopt;
  if (!last_interval_ms_) {
    if (!is_open) return std::nullopt;
    last_interval_ms_ = now_ms;
    return Trigger{TriggerKind::Interval, now_ms};
  }
  if (now_ms < *last_interval_ms_ + interval_ms_) return std::nullopt;
  const std::uint64_t missed = (now_ms - *last_interval_ms_) / interval_ms_ - 1;
  last_interval_ms_ = *last_interval_ms_ + (missed + 1) * interval_ms_;
  if (!is_open) return std::nullopt;
  skipped_ += missed;
  return Trigger{TriggerKind::Interval, *last_interval_ms_};
}

void Triggers::done() {
  std::size_t left = 0;
  for (std::size_t i = 0; i < pending_count_; ++i)
    if (!pending_[i].is_due) pending_[left++] = pending_[i];
  has_changed_ = has_changed_ || left != pending_count_;
  pending_count_ = left;
}

std::optional<std::uint64_t> Triggers::next_ms(std::uint64_t now_ms, std::optional<std::uint64_t> unix_ms) const {
  std::optional<std::uint64_t> next;
  const auto consider = [&next](std::uint64_t at_ms) {
    if (!next || at_ms < *next) next = at_ms;
  };
  for (std::size_t i = 0; i < pending_count_; ++i)
    if (!pending_[i].is_due) consider(pending_[i].at_ms);
  if (is_requested_ || motion_ms_) consider(now_ms);
  if (interval_ms_ == 0) return next;
  const std::uint64_t at_ms = last_interval_ms_ ? *last_interval_ms_ + interval_ms_ : now_ms;
  std::uint64_t opens_ms = now_ms;
  if (unix_ms && !is_open_hour(unix_ms)) {
    const std::int64_t local_ms = static_cast<std::int64_t>(*unix_ms) + std::int64_t{utc_offset_min_} * 60'000;
    const auto minute = static_cast<std::uint32_t>(local_ms / 60'000 % Windows::kDayMinutes);
    const auto within_ms = static_cast<std::uint64_t>(local_ms % 60'000);
    opens_ms = now_ms + windows_.minutes_until(minute) * kMinuteMs - within_ms;
  }
  consider(at_ms >= opens_ms ? at_ms : opens_ms + (interval_ms_ - (opens_ms - at_ms) % interval_ms_) % interval_ms_);
  return next;
}

bool Triggers::write(Text& out, std::uint64_t boot) {
  FieldsWriter writer(out);
  if (pending_count_ > 0) writer.hex("boot", boot);
  for (std::size_t i = 0; i < pending_count_; ++i) {
    put(writer, 'a', i, pending_[i].at_ms);
    put(writer, 'u', i, pending_[i].unix_ms);
    put(writer, 'd', i, pending_[i].delay_ms);
    put(writer, 't', i, pending_[i].tries);
  }
  has_changed_ = false;
  return writer.is_whole();
}

void Triggers::read(std::string_view note, std::uint64_t boot, std::uint64_t now_ms,
                    std::optional<std::uint64_t> unix_ms) {
  const Fields fields(note);
  FixedText<kBootDigits> wrote, ours;
  const bool is_of_this_boot = fields.string("boot", wrote) && wrote.view() == ours.add_hex(boot).view();
  for (std::size_t i = 0; i < kMaxPending; ++i) {
    const auto delay_ms = get(fields, 'd', i);
    if (!delay_ms) break;
    Pending pending;
    pending.at_ms = now_ms + *delay_ms;
    pending.unix_ms = get(fields, 'u', i).value_or(0);
    pending.delay_ms = *delay_ms;
    pending.tries = get(fields, 't', i).value_or(0);
    if (pending.tries >= kMostTries) continue;
    const auto at_ms = get(fields, 'a', i);
    if (is_of_this_boot && at_ms) {
      pending.at_ms = *at_ms;
    } else if (pending.unix_ms != 0 && unix_ms) {
      const std::uint64_t left_ms = pending.unix_ms > *unix_ms ? pending.unix_ms - *unix_ms : 0;  // passed: now
      pending.at_ms = now_ms + (left_ms < *delay_ms ? left_ms : *delay_ms);
    }
    add(pending);
  }
  has_changed_ = false;
}

bool Triggers::is_open_hour(std::optional<std::uint64_t> unix_ms) const {
  if (windows_.is_always() || !unix_ms) return true;
  const std::int64_t local_ms = static_cast<std::int64_t>(*unix_ms) + std::int64_t{utc_offset_min_} * 60'000;
  if (local_ms < 0) return true;
  return windows_.holds(static_cast<std::uint32_t>(local_ms / 60'000 % Windows::kDayMinutes));
}

void Triggers::add(const Pending& pending) {
  if (pending_count_ == kMaxPending) {
    ++refused_;
    return;
  }
  std::size_t place = pending_count_;
  for (; place > 0 && pending_[place - 1].at_ms > pending.at_ms; --place) pending_[place] = pending_[place - 1];
  pending_[place] = pending;
  ++pending_count_;
  has_changed_ = true;
}

}  // namespace camera
