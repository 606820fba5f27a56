// Prints the board table as JSON, for test_boards.py.
#include <cstdio>

#include "../../firmware/src/esp/Boards.h"

int main() {
  std::printf("[");
  const char* comma = "";
  for (const camera::Board& board : camera::kBoards) {
    const camera::SensorPins& pins = board.sensor;
    std::printf("%s{\"id\":\"%s\",\"name\":\"%s\",\"profile\":\"%s\",\"is_octal\":%s,\"flash_mb\":%d,\"psram_mb\":%d,",
                comma, board.id.data(), board.name.data(), board.profile.data(),
                board.psram == camera::Psram::Octal ? "true" : "false", board.flash_mb, board.psram_mb);
    std::printf("\"can_cut_sensor\":%s,\"sensor\":[%d,%d,%d,%d,%d,%d,%d,%d,", board.can_cut_sensor() ? "true" : "false",
                pins.pwdn, pins.reset, pins.xclk, pins.sda, pins.scl, pins.vsync, pins.href, pins.pclk);
    for (int i = 0; i < 8; ++i) std::printf("%d%s", pins.data[i], i < 7 ? "," : "],");
    std::printf("\"rail\":%d,\"card_bus\":%d,\"card\":[%d,%d,%d,%d],\"led\":%d}", board.rail.pin,
                static_cast<int>(board.card.bus), board.card.clk, board.card.cmd, board.card.d0, board.card.cs,
                board.led.pin);
    comma = ",";
  }
  std::printf("]\n");
}
