#include "EspLog.h"

#include <Arduino.h>

namespace camera {
namespace {

constexpr char kLetters[] = {'D', 'I', 'W', 'E'};

}  // namespace

void EspLog::begin() {
  one_at_a_time_ = xSemaphoreCreateMutexStatic(&memory_);
  Serial.begin(115200);
  // The chip's own USB blocks a writer while no computer reads (arduino-esp32#9580).
  Serial.setTxTimeoutMs(0);
}

void EspLog::line(LogLevel level, std::string_view text) {
  if (one_at_a_time_ == nullptr) return;
  const char head[] = {kLetters[static_cast<uint8_t>(level)], ' '};
  xSemaphoreTake(one_at_a_time_, portMAX_DELAY);
  Serial.write(reinterpret_cast<const uint8_t*>(head), sizeof(head));
  Serial.write(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  Serial.write(reinterpret_cast<const uint8_t*>("\r\n"), 2);
  xSemaphoreGive(one_at_a_time_);
}

}  // namespace camera
