// Buttons and the motion pin, as the note `pins` has them: `button1=0, button2=2, button3=3, motion=4`, GPIO numbers.
// Without a note the BOOT button, GPIO 0 on every board, is the first button.
//
// A button connects its pin to ground, motion drives its pin high. Only GPIO 0 to 21 can end deep sleep.
#pragma once

#include <cstdint>

#include "../core/Notes.h"
#include "../core/Pins.h"
#include "Boards.h"

namespace camera {

class EspPins final : public Pins {
 public:
  // A pin that the board needs itself is left alone.
  void begin(Notes& notes, const Board& board);

  std::uint32_t levels() override;

  // The pins wake the board from the deep sleep that follows.
  void wake_by_pins() const;

 private:
  std::int8_t pins_[kButtons + 1] = {0, kNotWired, kNotWired, kNotWired};
  std::uint32_t woke_ = 0;     // bits of `levels` that ended deep sleep
  std::uint32_t woke_ms_ = 0;  // when they were first told of; 0: not yet
};

}  // namespace camera
