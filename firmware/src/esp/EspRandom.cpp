#include "EspRandom.h"

#include <WiFi.h>
#include <bootloader_random.h>
#include <esp_random.h>

namespace camera {

uint32_t EspRandom::next_u32() {
  if (WiFi.getMode() != WIFI_MODE_NULL) return esp_random();
  bootloader_random_enable();
  const uint32_t word = esp_random();
  bootloader_random_disable();
  return word;
}

}  // namespace camera
