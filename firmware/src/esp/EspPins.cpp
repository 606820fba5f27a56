#include "EspPins.h"

#include <Arduino.h>
#include <driver/rtc_io.h>
#include <esp_sleep.h>

#include "../core/Fields.h"

namespace camera {
namespace {

constexpr std::string_view kKeys[] = {"button1", "button2", "button3", "motion"};
constexpr std::int8_t kLastWakingPin = 21;
constexpr std::uint32_t kPressMs = 200;  // how long a press that ended sleep is told of: it is over before anyone looks

}  // namespace

void EspPins::begin(Notes& notes, const Board& board) {
  FixedText<kMaxNote> note;
  if (notes.read(kPinsNote, note)) {
    const Fields fields(note.view());
    for (unsigned i = 0; i <= kMotionPin; ++i) {
      const std::int64_t pin = fields.integer(kKeys[i]).value_or(kNotWired);
      pins_[i] = pin >= 0 && pin <= 48 ? static_cast<std::int8_t>(pin) : kNotWired;
    }
  }
  const std::uint64_t woke =
      esp_sleep_get_wakeup_cause() == ESP_SLEEP_WAKEUP_EXT1 ? esp_sleep_get_ext1_wakeup_status() : 0;
  for (unsigned i = 0; i <= kMotionPin; ++i) {
    if (pins_[i] == kNotWired) continue;
    if (board.uses(pins_[i])) {
      pins_[i] = kNotWired;
      continue;
    }
    if (pins_[i] <= kLastWakingPin) rtc_gpio_deinit(static_cast<gpio_num_t>(pins_[i]));
    pinMode(static_cast<std::uint8_t>(pins_[i]), i == kMotionPin ? INPUT_PULLDOWN : INPUT_PULLUP);
    if ((woke >> pins_[i] & 1U) != 0) woke_ |= 1U << i;
  }
}

std::uint32_t EspPins::levels() {
  std::uint32_t levels = 0;
  for (unsigned i = 0; i <= kMotionPin; ++i) {
    if (pins_[i] == kNotWired) continue;
    const bool is_high = digitalRead(static_cast<std::uint8_t>(pins_[i])) == HIGH;
    if (is_high == (i == kMotionPin)) levels |= 1U << i;
  }
  // Whoever looks for the first time learns how things stood before the press; then comes the press.
  const std::uint32_t now_ms = static_cast<std::uint32_t>(millis()) | 1U;
  if (woke_ == 0) return levels;
  if (woke_ms_ == 0) {
    woke_ms_ = now_ms;
    return levels & ~woke_;
  }
  if (now_ms - woke_ms_ > kPressMs) woke_ = 0;
  return levels | woke_;
}

void EspPins::wake_by_pins() const {
  std::uint64_t buttons = 0;
  for (unsigned i = 0; i < kButtons; ++i) {
    if (pins_[i] == kNotWired || pins_[i] > kLastWakingPin) continue;
    const auto pin = static_cast<gpio_num_t>(pins_[i]);
    rtc_gpio_pulldown_dis(pin);
    rtc_gpio_pullup_en(pin);
    buttons |= std::uint64_t{1} << pins_[i];
  }
  esp_sleep_pd_config(ESP_PD_DOMAIN_RTC_PERIPH, ESP_PD_OPTION_ON);  // or there are no pull-ups in sleep
  if (buttons != 0) esp_sleep_enable_ext1_wakeup(buttons, ESP_EXT1_WAKEUP_ANY_LOW);
  const std::int8_t motion = pins_[kMotionPin];
  if (motion != kNotWired && motion <= kLastWakingPin) esp_sleep_enable_ext0_wakeup(static_cast<gpio_num_t>(motion), 1);
}

}  // namespace camera
