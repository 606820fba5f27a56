// The port to small durable texts by name: set-up, settings, pending shots. On the chip a partition of its own, `cfg`.
#pragma once

#include <string_view>

#include "Text.h"

namespace camera {

/// What a note may be called and how long it may be; NVS takes 15 letters and 4,000 bytes.
inline constexpr std::size_t kMaxNote = 1500;

/// Notes that set-up writes and others read: root certificates in DER, and which pin is what.
inline constexpr std::string_view kRoot1Note = "root1", kRoot2Note = "root2", kPinsNote = "pins";

class Notes {
 public:
  /// Adds the note to `out`. False when there is none, or it cannot be read, or does not fit.
  virtual bool read(std::string_view name, Text& out) = 0;

  /// Durable when true, and either the old or the new after a power cut. An empty text forgets the note.
  virtual bool write(std::string_view name, std::string_view text) = 0;

 protected:
  ~Notes() = default;
};

}  // namespace camera
