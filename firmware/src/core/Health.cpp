#include "Health.h"

#include "Fields.h"

namespace camera {
namespace {

void say(FieldsWriter& writer, std::string_view key, std::string_view value) {
  if (!value.empty()) writer.string(key, value);
}

void say(FieldsWriter& writer, std::string_view key, std::uint64_t value) {
  if (value != 0) writer.integer(key, static_cast<std::int64_t>(value));
}

}  // namespace

void Health::write(Text& out) const {
  // The archive acts on the first three and keeps the rest; what does not fit is left out from the end.
  FieldsWriter writer(out);
  say(writer, "id", id);
  writer.integer("settings", static_cast<std::int64_t>(settings));
  say(writer, "address", address);
  say(writer, "firmware", firmware);
  say(writer, "board", board);
  say(writer, "sensor", sensor);
  say(writer, "sensor_fault", sensor_fault);
  say(writer, "reset", vitals.reset);
  writer.integer("up_s", static_cast<std::int64_t>(up_s));
  if (rssi_dbm) writer.integer("rssi", *rssi_dbm);
  if (vitals.heap_low_bytes) writer.integer("heap", *vitals.heap_low_bytes);
  if (vitals.psram_free_bytes) writer.integer("psram", *vitals.psram_free_bytes);
  if (vitals.battery_mv) writer.decimal("battery", *vitals.battery_mv);
  if (vitals.temperature_c) writer.integer("temperature", *vitals.temperature_c);
  writer.integer("spooled", static_cast<std::int64_t>(spooled));
  say(writer, "waiting", waiting);
  say(writer, "lost", lost);
  say(writer, "oversized", oversized);
  say(writer, "restarts", vitals.restarts);
  say(writer, "brownouts", vitals.brownouts);
  say(writer, "refused", refused);
  say(writer, "discarded", discarded);
  say(writer, "skipped", skipped);
  say(writer, "failed_sends", failed_sends);
  say(writer, "settings_refused", settings_refused);
  say(writer, "quality", quality);
  if (!has_spool) writer.boolean("spool", false);
}

}  // namespace camera
