// A camera that nobody has set up yet: listens on USB, opens its portal, and looks for an archive where it was told
// only of Wi-Fi. Starts the board anew when all is known.
#pragma once

#include "../core/Installation.h"
#include "../core/Setup.h"
#include "Boards.h"
#include "EspLog.h"
#include "EspMachine.h"
#include "EspNotes.h"
#include "EspPortal.h"
#include "EspRadio.h"

namespace camera {

class EspSetUp {
 public:
  // `name`: of the portal's network, and the chip's own.
  EspSetUp(EspNotes& notes, EspLog& log, EspRadio& radio, EspMachine& machine, const char* name);

  // `wants_portal`: although there is Wi-Fi, because somebody held the button.
  void begin(bool wants_portal);

  // Never ends but by a restart.
  void step();

 private:
  void look_for_archive();

  Notes& notes_;
  EspLog& log_;
  EspRadio& radio_;
  EspMachine& machine_;
  const char* name_;
  Setup serial_;
  Setup form_;
  EspPortal portal_;
  Installation installation_;
  unsigned long looked_ms_ = 0;
  bool is_joining_ = false;
  bool is_visit_ = false;  // of a camera that was set up before
};

// The boards of this firmware, as set-up asks for them.
extern const BoardTable kBoardTable;

// The board this firmware runs on, as far as anybody has said; nullptr: nobody has.
const Board* board_of(const Installation& installation);

}  // namespace camera
