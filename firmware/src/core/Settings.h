// What the owner wants of a camera, as it rides on the archive's answers: read, judged and written.
#pragma once

#include <cstdint>
#include <string_view>

#include "Fields.h"
#include "Pins.h"
#include "Ports.h"
#include "Spool.h"
#include "Text.h"
#include "Windows.h"

namespace camera {

struct Settings {
  std::uint64_t version = 0;       // 0: nobody has set any
  std::uint32_t interval_s = 30;   // between shots; 0: none by interval
  SensorSettings sensor;           // size, quality, flip, mirror, brightness
  std::uint32_t settle_ms = 1500;  // after start or wake, until exposure has settled …
  std::uint32_t settle_frames = 6;  // … and so many frames
  std::uint32_t delay_s[kButtons] = {30, 3600, 86400};  // from a button to its shot: delay1_s, delay2_s, delay3_s
  std::uint32_t motion_pause_s = 10;                    // after a shot by motion, before the next
  FixedText<Windows::kMaxText> windows;                 // hours in which interval and motion count; empty: always
  std::int32_t utc_offset_min = 0;                      // of the clock by which the windows are meant
  bool sleep = false;                                   // deep sleep between shots
  WhenFull when_full = WhenFull::Thin;                  // what gives way when the spool is full: thin, oldest, newest
  std::uint64_t shot = 0;                               // one shot whenever it changes

  /// Takes over what `fields` says; keys unknown to us are passed over. Empty when all is well, else a sentence for a
  /// person, and `*this` is of no use.
  std::string_view read(const Fields& fields);

  /// All of it, for a note. False when it does not fit.
  bool write(Text& out) const;

  Windows hours() const;
};

}  // namespace camera
