// Notes in the flash partition `cfg`, which the core never erases by itself. Both tasks may use them.
#pragma once

#include <Preferences.h>

#include "../core/Notes.h"
#include "EspMutex.h"

namespace camera {

class EspNotes final : public Notes {
 public:
  // False: the partition is not there or not readable; flash the board with its own partition table.
  bool begin() { return preferences_.begin("camera", false, "cfg"); }

  bool read(std::string_view name, Text& out) override;
  bool write(std::string_view name, std::string_view text) override;

 private:
  EspMutex one_at_a_time_;
  Preferences preferences_;
  char buffer_[kMaxNote];
};

}  // namespace camera
