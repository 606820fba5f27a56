// A chip that is not there: what src/esp calls of it, with every answer a variable. For chip.cpp.
#pragma once

#include <Arduino.h>
#include <LittleFS.h>
#include <Preferences.h>
#include <SD.h>
#include <SD_MMC.h>
#include <WiFi.h>
#include <bootloader_random.h>
#include <driver/gpio.h>
#include <driver/rtc_io.h>
#include <esp_camera.h>
#include <esp_heap_caps.h>
#include <esp_random.h>
#include <esp_sleep.h>
#include <esp_system.h>
#include <esp_task_wdt.h>
#include <esp_timer.h>
#include <freertos/semphr.h>

#include <atomic>
#include <map>
#include <string>
#include <vector>

struct Chip {
  // The camera driver.
  std::vector<camera_config_t> inits;
  int deinits = 0;
  esp_err_t jpeg_init = ESP_OK;
  esp_err_t raw_init = ESP_OK;
  bool is_running = false;
  const char* sensor = "OV2640";
  uint16_t pid = OV2640_PID;
  framesize_t sensor_max = FRAMESIZE_UXGA;
  bool gives_frames = true;
  pixformat_t format = PIXFORMAT_JPEG;
  int64_t stamp_us = 0;
  int lent = 0;
  int most_lent = 0;
  std::map<std::string, int> told;  // the sensor, by setter

  // Time, memory, starts.
  bool is_live = false;  // time passes by itself
  int64_t timer_us = 0;
  std::atomic<int64_t> wall_us{0};  // while time is live, of the moment of the start
  unsigned long ms = 0;
  bool has_psram = true;
  esp_reset_reason_t reset = ESP_RST_POWERON;
  float celsius = 41.6F;

  // Pins: every level ever written, in order, and what can be read.
  std::vector<std::pair<int, int>> written;
  std::map<int, int> level;
  std::map<int, int> mode;
  std::vector<int> held;
  uint64_t woken_by = 0;
  bool is_woken_by_motion = false;
  uint64_t wakes_on_low = 0;
  int wakes_on_high = -1;

  // Flash and card.
  std::map<std::string, std::string> notes;
  std::string partition;
  std::vector<int> card_speeds;  // asked for
  int card_works_at = 0;         // or slower; 0: not at all
  bool card_may_be_formatted = false;
  std::string flash_label;
  bool flash_works = true;

  // Radio.
  wifi_mode_t wifi = WIFI_MODE_NULL;
  std::vector<std::string> joins;
  int power = 0;
  bool keeps_password = true;
  bool has_early_noise = false;
  int poor_draws = 0;  // random words drawn while nothing made noise

  std::string serial;
  std::string typed;
  std::vector<uint8_t> picture = {0xFF, 0xD8, 0xFF, 0xD9};
};

extern Chip chip;

// All that was written on USB so far, by whichever task.
std::string heard_on_usb();
