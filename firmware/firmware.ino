// The camera. What it does is in src/core, how it does it on this chip in src/esp; README.md has the way around.
#include "src/esp/EspCamera.h"

static camera::EspCamera* board = nullptr;

void setup() {
  board = new camera::EspCamera;
  board->begin();
}

void loop() { board->step(); }
