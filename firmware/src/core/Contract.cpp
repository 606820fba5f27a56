#include "Contract.h"

#include "Fields.h"

namespace camera {
namespace {

// What the archive would not take is not written either: it would refuse the whole frame for it.
void add_count(FieldsWriter& fields, std::string_view key, std::uint64_t number) {
  if (number <= kMaxNumber) fields.integer(key, static_cast<std::int64_t>(number));
}

}  // namespace

bool write_claim(Text& out, const Frame& frame, std::optional<std::uint64_t> now_ms) {
  FieldsWriter fields(out);
  fields.hex("boot", frame.name.boot);
  add_count(fields, "number", frame.name.number);
  add_count(fields, "up", frame.up_ms);
  // The archive refuses a frame that was sent before it was taken, so such a `now` must not leave the camera.
  if (now_ms && *now_ms >= frame.up_ms) add_count(fields, "now", *now_ms);
  if (frame.taken_ms) add_count(fields, "taken", *frame.taken_ms);
  return fields.is_whole();
}

bool write_report_name(Text& out, const FrameName& name) {
  FieldsWriter fields(out);
  fields.hex("boot", name.boot);
  add_count(fields, "number", name.number);
  return fields.is_whole();
}

bool write_lost(Text& out, std::uint64_t boot, std::uint64_t from, std::uint64_t to, std::string_view reason) {
  if (from > kMaxNumber || to > kMaxNumber) return false;
  return FieldsWriter(out)
      .hex("boot", boot)
      .integer("from", static_cast<std::int64_t>(from))
      .integer("to", static_cast<std::int64_t>(to))
      .string("reason", reason)
      .is_whole();
}

bool write_digest(Text& out, const Sha256& sha256) {
  return FieldsWriter(out).bytes("sha-256", Bytes{sha256.data(), sha256.size()}).is_whole();
}

bool write_next_key(Text& out, std::string_view prefix, const Sha256& sha256) {
  return FieldsWriter(out).string("prefix", prefix).bytes("sha-256", Bytes{sha256.data(), sha256.size()}).is_whole();
}

std::optional<std::uint64_t> read_boot(std::string_view text) {
  if (text.size() != kBootDigits) return std::nullopt;
  std::uint64_t boot = 0;
  for (const char letter : text) {
    unsigned digit;
    if (letter >= '0' && letter <= '9') {
      digit = static_cast<unsigned>(letter - '0');
    } else if (letter >= 'a' && letter <= 'f') {
      digit = static_cast<unsigned>(letter - 'a') + 10U;
    } else {
      return std::nullopt;
    }
    boot = boot << 4 | digit;
  }
  return boot;
}

std::optional<Echo> read_echo(std::string_view text) {
  const Fields fields(text);
  const auto number = fields.integer("number");
  const auto answer = fields.token("answer");
  FixedText<kBootDigits> boot_text;
  if (!fields.string("boot", boot_text) || !number || *number < 0 || !answer) return std::nullopt;
  const auto boot = read_boot(boot_text.view());
  if (!boot) return std::nullopt;
  Echo echo;
  echo.name = FrameName{*boot, static_cast<std::uint64_t>(*number)};
  if (*answer == "kept") {
    echo.answer = Answer::Kept;
  } else if (*answer == "refused") {
    echo.answer = Answer::Refused;
  } else if (*answer == "again") {
    echo.answer = Answer::Again;
  } else {
    return std::nullopt;
  }
  return echo;
}

std::optional<std::uint64_t> read_clock(std::string_view text) {
  const auto now = Fields(text).integer("now");
  if (!now || *now < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*now);
}

}  // namespace camera
