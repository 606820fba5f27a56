#include "EspMachine.h"

#include <Arduino.h>
#include <esp_attr.h>
#include <esp_heap_caps.h>
#include <esp_system.h>
#include <esp_task_wdt.h>

#include <cmath>
#include <cstddef>

#include "../core/Crc32.h"

namespace camera {
namespace {

constexpr std::uint32_t kWatchdogMs = 30000;

// Resets leave this memory alone and power does not, so it proves itself by a CRC.
struct Starts {
  std::uint32_t restarts;
  std::uint32_t brownouts;
  std::uint32_t crc;
};
RTC_NOINIT_ATTR Starts starts;

std::uint32_t crc_of(const Starts& memory) { return crc32(&memory, offsetof(Starts, crc), 0x53746172); }

std::string_view word_for(esp_reset_reason_t reason) {
  switch (reason) {
    case ESP_RST_POWERON:
      return "power-on";
    case ESP_RST_EXT:
      return "pin";
    case ESP_RST_SW:
      return "restart";
    case ESP_RST_PANIC:
      return "panic";
    case ESP_RST_INT_WDT:
    case ESP_RST_TASK_WDT:
    case ESP_RST_WDT:
      return "watchdog";
    case ESP_RST_DEEPSLEEP:
      return "wake";
    case ESP_RST_BROWNOUT:
      return "brownout";
    default:
      return "unknown";
  }
}

}  // namespace

void EspMachine::begin() {
  const esp_reset_reason_t reason = esp_reset_reason();
  if (reason == ESP_RST_POWERON || starts.crc != crc_of(starts)) {
    starts = Starts{};
  } else if (reason != ESP_RST_DEEPSLEEP) {
    ++starts.restarts;
  }
  if (reason == ESP_RST_BROWNOUT) ++starts.brownouts;
  starts.crc = crc_of(starts);
  // The core has started the watchdog already; it goes on watching that core 0 can idle.
  esp_task_wdt_config_t config{};
  config.timeout_ms = kWatchdogMs;
  config.idle_core_mask = 1U << 0;
  config.trigger_panic = true;
  esp_task_wdt_reconfigure(&config);
}

bool EspMachine::was_brownout() const { return esp_reset_reason() == ESP_RST_BROWNOUT; }

Vitals EspMachine::vitals() {
  Vitals vitals;
  vitals.reset = word_for(esp_reset_reason());
  vitals.restarts = starts.restarts;
  vitals.brownouts = starts.brownouts;
  vitals.heap_low_bytes = static_cast<std::uint32_t>(heap_caps_get_minimum_free_size(MALLOC_CAP_INTERNAL));
  vitals.psram_free_bytes = static_cast<std::uint32_t>(heap_caps_get_free_size(MALLOC_CAP_SPIRAM));
  const float celsius = temperatureRead();
  if (std::isfinite(celsius)) vitals.temperature_c = static_cast<int>(std::lround(celsius));
  // No board of the table has a battery on a pin that two sources confirm, so battery_mv stays absent.
  return vitals;
}

void EspMachine::restart(std::string_view why) {
  log_.line(LogLevel::Warning, why);
  Serial.flush();
  esp_restart();
}

void EspMachine::watch_this_task() { esp_task_wdt_add(nullptr); }

void EspMachine::report() { esp_task_wdt_reset(); }

}  // namespace camera
