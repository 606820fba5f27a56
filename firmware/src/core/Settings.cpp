#include "Settings.h"

namespace camera {
namespace {

constexpr std::string_view kDelays[kButtons] = {"delay1_s", "delay2_s", "delay3_s"};
constexpr std::string_view kWhenFull[] = {"thin", "oldest", "newest"};

/// A whole number within bounds, where there is one.
template <typename Number>
bool take(const Fields& fields, std::string_view key, std::int64_t least, std::int64_t most, Number* value) {
  if (!fields.has(key)) return true;
  const auto number = fields.integer(key);
  if (!number || *number < least || *number > most) return false;
  *value = static_cast<Number>(*number);
  return true;
}

bool take(const Fields& fields, std::string_view key, bool* value) {
  if (!fields.has(key)) return true;
  const auto flag = fields.boolean(key);
  if (!flag) return false;
  *value = *flag;
  return true;
}

/// A word, as string or token.
bool take_word(const Fields& fields, std::string_view key, Text& word) {
  if (const auto token = fields.token(key)) return word.add(*token).is_whole();
  return fields.string(key, word);
}

}  // namespace

std::string_view Settings::read(const Fields& fields) {
  if (!fields.is_valid()) return "the settings are no dictionary";
  if (!take(fields, "version", 0, static_cast<std::int64_t>(kMaxNumber), &version)) return "version is a whole number";
  if (!take(fields, "interval_s", 0, 7 * 86400, &interval_s)) return "interval_s is 0 to 604800";
  if (fields.has("size")) {
    FixedText<16> name;
    if (!take_word(fields, "size", name)) return "size is a name such as SVGA";
    bool is_known = false;
    for (const FrameDimensions& known : kFrameSizes) {
      if (known.name != name.view()) continue;
      sensor.size = known.size;
      is_known = true;
    }
    if (!is_known) return "size is QVGA, VGA, SVGA, XGA, HD, SXGA, UXGA, FHD, QXGA or QSXGA";
  }
  if (!take(fields, "quality", 4, 63, &sensor.quality)) return "quality is 4 (best) to 63";
  if (!take(fields, "flip", &sensor.is_flipped)) return "flip is ?0 or ?1";
  if (!take(fields, "mirror", &sensor.is_mirrored)) return "mirror is ?0 or ?1";
  if (!take(fields, "brightness", -2, 2, &sensor.brightness)) return "brightness is -2 to 2";
  if (!take(fields, "settle_ms", 0, 30000, &settle_ms)) return "settle_ms is 0 to 30000";
  if (!take(fields, "settle_frames", 0, 100, &settle_frames)) return "settle_frames is 0 to 100";
  for (unsigned i = 0; i < kButtons; ++i)
    if (!take(fields, kDelays[i], 0, 7 * 86400, &delay_s[i])) return "delay1_s to delay3_s are 0 to 604800";
  if (!take(fields, "motion_pause_s", 0, 86400, &motion_pause_s)) return "motion_pause_s is 0 to 86400";
  if (fields.has("windows")) {
    FixedText<Windows::kMaxText> text;
    Windows hours;
    if (!fields.string("windows", text) || !hours.read(text.view()))
      return "windows is up to four spans such as \"06:00-20:00 22:00-23:30\"";
    windows = text;
  }
  if (!take(fields, "utc_offset_min", -14 * 60, 14 * 60, &utc_offset_min)) return "utc_offset_min is -840 to 840";
  if (!take(fields, "sleep", &sleep)) return "sleep is ?0 or ?1";
  if (fields.has("when_full")) {
    FixedText<16> word;
    if (!take_word(fields, "when_full", word)) return "when_full is thin, oldest or newest";
    bool is_known = false;
    for (unsigned i = 0; i < 3; ++i) {
      if (word.view() != kWhenFull[i]) continue;
      when_full = static_cast<WhenFull>(i);
      is_known = true;
    }
    if (!is_known) return "when_full is thin, oldest or newest";
  }
  if (!take(fields, "shot", 0, static_cast<std::int64_t>(kMaxNumber), &shot)) return "shot is a whole number";
  return "";
}

bool Settings::write(Text& out) const {
  FieldsWriter writer(out);
  writer.integer("version", static_cast<std::int64_t>(version));
  writer.integer("interval_s", interval_s);
  writer.string("size", dimensions(sensor.size).name);
  writer.integer("quality", sensor.quality);
  writer.boolean("flip", sensor.is_flipped);
  writer.boolean("mirror", sensor.is_mirrored);
  writer.integer("brightness", sensor.brightness);
  writer.integer("settle_ms", settle_ms);
  writer.integer("settle_frames", settle_frames);
  for (unsigned i = 0; i < kButtons; ++i) writer.integer(kDelays[i], delay_s[i]);
  writer.integer("motion_pause_s", motion_pause_s);
  writer.string("windows", windows.view());
  writer.integer("utc_offset_min", utc_offset_min);
  writer.boolean("sleep", sleep);
  writer.string("when_full", kWhenFull[static_cast<unsigned>(when_full)]);
  writer.integer("shot", static_cast<std::int64_t>(shot));
  return writer.is_whole();
}

Windows Settings::hours() const {
  Windows hours;
  hours.read(windows.view());
  return hours;
}

}  // namespace camera
