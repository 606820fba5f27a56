#include "EspSetUp.h"

#include <Arduino.h>

#include "Boards.h"
#include "EspDiscovery.h"
#include "Firmware.h"

namespace camera {
namespace {

constexpr unsigned long kLookEveryMs = 20000;
constexpr unsigned long kPortalMs = 10 * 60000;  // for a camera that could be taking pictures instead

}  // namespace

const BoardTable kBoardTable{
    [](std::string_view id) { return find_board(id) != nullptr; },
    [](std::string_view id, int pin) {
      const Board* board = find_board(id);
      return board != nullptr && board->uses(static_cast<std::int8_t>(pin));
    },
};

const Board* board_of(const Installation& installation) {
  return find_board(kCompiledFor.empty() ? installation.board.view() : kCompiledFor);
}

EspSetUp::EspSetUp(EspNotes& notes, EspLog& log, EspRadio& radio, EspMachine& machine, const char* name)
    : notes_(notes),
      log_(log),
      radio_(radio),
      machine_(machine),
      name_(name),
      serial_(notes, &kBoardTable),
      form_(notes, &kBoardTable),
      portal_(form_, notes) {}

void EspSetUp::begin(bool wants_portal) {
  installation_.read(notes_);
  is_visit_ = wants_portal;
  serial_.begin();
  form_.begin();
  log_.line(LogLevel::Info, "not set up yet: say `status` here, or join this camera's own Wi-Fi network");
  is_joining_ = !wants_portal && installation_.network_count > 0 && board_of(installation_) != nullptr;
  if (is_joining_) radio_.join(installation_.networks[0].ssid.view(), installation_.networks[0].password.view());
  // Also beside a network that was named: it may be misspelt.
  portal_.open(name_);
}

void EspSetUp::step() {
  SetupFacts facts;
  facts.firmware = kFirmware;
  facts.machine = name_;
  facts.is_online = radio_.is_up();
  while (Serial.available() > 0) {
    if (serial_.take(static_cast<char>(Serial.read()), facts)) log_.answer(serial_.answer());
  }
  portal_.step();
  if (serial_.was_committed() || form_.was_committed()) {
    delay(500);  // the answer is on its way
    machine_.restart("set up");
  }
  if (is_joining_ && radio_.is_up() && (looked_ms_ == 0 || millis() - looked_ms_ > kLookEveryMs)) look_for_archive();
  if (is_visit_ && millis() > kPortalMs) machine_.restart("nobody came to the portal");
  delay(5);
}

void EspSetUp::look_for_archive() {
  looked_ms_ = millis() | 1U;
  FixedText<192> url;
  if (!find_archive(url)) {
    log_.line(LogLevel::Info, "no archive answers in this network; looking again");
    return;
  }
  log_.line(LogLevel::Info, url.view());
  if (installation_.set_server(url.view(), installation_.key.view()) && installation_.write(notes_)) {
    machine_.restart("an archive was found");
  }
}

}  // namespace camera
