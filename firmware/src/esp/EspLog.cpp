#include "EspLog.h"

#include <Arduino.h>

namespace camera {
namespace {

// A line of set-up comes in one go, and so does an answer; what finds no room is dropped.
constexpr size_t kReceiveBytes = 1024;
constexpr size_t kSendBytes = 2048;

constexpr std::string_view kHeads[] = {"D ", "I ", "W ", "E "};

void put(std::string_view text) { Serial.write(reinterpret_cast<const uint8_t*>(text.data()), text.size()); }

}  // namespace

void EspLog::begin() {
  Serial.setRxBufferSize(kReceiveBytes);
  Serial.setTxBufferSize(kSendBytes);
  Serial.begin(115200);
  // The chip's own USB blocks a writer while no computer reads (arduino-esp32#9580).
  Serial.setTxTimeoutMs(0);
}

void EspLog::line(LogLevel level, std::string_view text) { write(kHeads[static_cast<std::uint8_t>(level)], text); }

void EspLog::answer(std::string_view text) { write("", text); }

void EspLog::write(std::string_view head, std::string_view text) {
  const EspMutex::Hold hold(one_at_a_time_);
  put(head);
  put(text);
  put("\r\n");
}

}  // namespace camera
