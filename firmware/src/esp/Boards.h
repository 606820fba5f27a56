// The boards we know, one row each: which pin is what, which memory is fitted, what is odd about it. Facts only, no
// Arduino header: the desktop reads this file too. A row is here when two independent sources agree on its pins
// (docs/ref/boards.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace camera {

inline constexpr int8_t kNotWired = -1;

// The two kinds need different boot code, so a board built for the wrong one starts without PSRAM.
enum class Psram : uint8_t { Quad, Octal };

enum class CardBus : uint8_t { None, Mmc1Bit, Spi };

enum class LedKind : uint8_t { None, Plain, Ws2812 };

struct SensorPins {
  int8_t pwdn;   // high = sensor off
  int8_t reset;  // low = in reset
  int8_t xclk;
  int8_t sda, scl;  // the sensor's control bus
  int8_t data[8];   // D0 to D7, elsewhere called Y2 to Y9
  int8_t vsync, href, pclk;
};

struct Card {
  CardBus bus;
  int8_t clk;
  int8_t cmd;  // on SPI: MOSI
  int8_t d0;   // on SPI: MISO
  int8_t cs;   // on Mmc1Bit: the card's D3, which must be high when the card is woken
};

// A pin that switches the sensor's supply, apart from PWDN.
struct Rail {
  int8_t pin;
  bool on_level;
};

struct Led {
  LedKind kind;
  int8_t pin;
  bool on_level;
};

struct Board {
  std::string_view id;       // the word for it in settings, `Camera-Status` and on the command line
  std::string_view name;     // as its maker sells it
  std::string_view profile;  // in sketch.yaml
  Psram psram;
  uint8_t psram_mb;  // 0: not confirmed
  uint8_t flash_mb;  // 0: not confirmed; the partition table needs 8
  SensorPins sensor;
  Rail rail;
  Card card;
  Led led;
  uint32_t sleep_ua;  // the worst that users measured in deep sleep, sensor included; 0: nobody has said
  std::string_view quirk;

  // Whether deep sleep can take the sensor's supply away. Where it cannot, a battery camera is a short-lived one.
  constexpr bool can_cut_sensor() const { return sensor.pwdn != kNotWired || rail.pin != kNotWired; }

  // Whether the board needs this pin itself: for its sensor, card, flash, memory, USB or light.
  constexpr bool uses(int8_t pin) const {
    if (pin == 19 || pin == 20 || (pin >= 26 && pin <= (psram == Psram::Octal ? 37 : 32))) return true;
    for (const int8_t taken : sensor.data) {
      if (pin == taken) return true;
    }
    for (const int8_t taken : {sensor.pwdn, sensor.reset, sensor.xclk, sensor.sda, sensor.scl, sensor.vsync,
                               sensor.href, sensor.pclk, rail.pin, card.clk, card.cmd, card.d0, card.cs, led.pin}) {
      if (pin == taken) return true;
    }
    return false;
  }
};

inline constexpr Rail kNoRail{kNotWired, false};
inline constexpr Card kNoCard{CardBus::None, kNotWired, kNotWired, kNotWired, kNotWired};
inline constexpr Led kNoLed{LedKind::None, kNotWired, false};

inline constexpr Board kBoards[] = {
    {
        .id = "xiao-esp32s3-sense",
        .name = "Seeed XIAO ESP32S3 Sense",
        .profile = "xiao-esp32s3-sense",
        .psram = Psram::Octal,
        .psram_mb = 8,
        .flash_mb = 8,
        .sensor = {kNotWired, kNotWired, 10, 40, 39, {15, 17, 18, 16, 14, 12, 11, 48}, 38, 47, 13},
        .rail = kNoRail,
        .card = {CardBus::Spi, 7, 9, 8, 21},
        .led = kNoLed,  // its LED shares the card's select pin
        .sleep_ua = 20000,
        .quirk = "no power pin: in deep sleep about 20 mA with OV2640, 1.5 mA with OV3660",
    },
    {
        .id = "esp32s3-cam",
        .name = "Freenove ESP32-S3 WROOM CAM, Espressif ESP32-S3-EYE, Goouuu ESP32-S3-CAM and their clones",
        .profile = "esp32s3-cam",
        .psram = Psram::Octal,
        .psram_mb = 8,
        .flash_mb = 8,
        .sensor = {kNotWired, kNotWired, 15, 4, 5, {11, 9, 8, 10, 12, 18, 17, 16}, 6, 7, 13},
        .rail = kNoRail,
        .card = {CardBus::Mmc1Bit, 39, 38, 40, kNotWired},
        .led = {LedKind::Ws2812, 48, true},
        .sleep_ua = 0,
        .quirk = "ESP32-S3-EYE: its LED is a plain one on GPIO 3, and its sensor hangs upside down (flip)",
    },
    {
        .id = "m5-unit-cams3",
        .name = "M5Stack Unit CamS3, Unit CamS3-5MP",
        .profile = "m5-unit-cams3",
        .psram = Psram::Octal,
        .psram_mb = 8,
        .flash_mb = 16,
        .sensor = {kNotWired, 21, 11, 17, 41, {6, 15, 16, 7, 5, 10, 4, 13}, 42, 18, 12},
        .rail = kNoRail,
        .card = {CardBus::Spi, 39, 38, 40, 9},
        .led = {LedKind::Plain, 14, false},
        .sleep_ua = 0,
        .quirk = "the 5MP unit's PY260 sensor knows only some frame sizes",
    },
    {
        .id = "firebeetle2-s3",
        .name = "DFRobot FireBeetle 2 ESP32-S3",
        .profile = "firebeetle2-s3",
        .psram = Psram::Octal,
        .psram_mb = 8,
        .flash_mb = 16,
        .sensor = {kNotWired, kNotWired, 45, 1, 2, {39, 40, 41, 4, 7, 8, 46, 48}, 6, 42, 5},
        .rail = kNoRail,
        .card = kNoCard,
        .led = kNoLed,
        .sleep_ua = 0,
        .quirk = "the sensor's supply is said to come from an AXP313A, which nobody has confirmed and we do not switch",
    },
    {
        .id = "romeo-s3",
        .name = "DFRobot Romeo ESP32-S3",
        .profile = "romeo-s3",
        .psram = Psram::Octal,
        .psram_mb = 0,
        .flash_mb = 0,
        .sensor = {kNotWired, kNotWired, 45, 1, 2, {39, 40, 41, 4, 7, 8, 46, 48}, 6, 42, 5},
        .rail = kNoRail,
        .card = kNoCard,
        .led = kNoLed,
        .sleep_ua = 0,
        .quirk = "wired as the FireBeetle 2",
    },
    {
        .id = "dfr1154",
        .name = "DFRobot ESP32-S3 AI CAM (DFR1154)",
        .profile = "esp32s3-cam",
        .psram = Psram::Octal,
        .psram_mb = 8,
        .flash_mb = 16,
        .sensor = {kNotWired, kNotWired, 5, 8, 9, {16, 18, 21, 17, 14, 7, 6, 4}, 1, 2, 15},
        .rail = kNoRail,
        .card = {CardBus::Mmc1Bit, 12, 13, 11, 10},
        .led = {LedKind::Plain, 3, true},
        .sleep_ua = 0,
        .quirk = "infra-red light on GPIO 47, left off",
    },
    {
        .id = "waveshare-s3-eth",
        .name = "Waveshare ESP32-S3-ETH with camera",
        .profile = "esp32s3-cam",
        .psram = Psram::Octal,
        .psram_mb = 8,
        .flash_mb = 16,
        .sensor = {8, kNotWired, 3, 48, 47, {41, 45, 46, 42, 40, 38, 15, 18}, 1, 2, 39},
        .rail = kNoRail,
        .card = {CardBus::Mmc1Bit, 7, 6, 5, 4},
        .led = {LedKind::Ws2812, 21, true},
        .sleep_ua = 0,
        .quirk = "its power-down pin switches the whole sensor off; the Ethernet port is not used",
    },
    {
        .id = "s3-devcam",
        .name = "ESP32-S3 DEV CAM RE:1.0",
        .profile = "esp32s3-quad",
        .psram = Psram::Quad,
        .psram_mb = 0,
        .flash_mb = 0,
        .sensor = {kNotWired, kNotWired, 10, 21, 14, {5, 3, 2, 4, 6, 8, 9, 11}, 13, 12, 7},
        .rail = kNoRail,
        .card = {CardBus::Mmc1Bit, 42, 39, 41, kNotWired},
        .led = kNoLed,
        .sleep_ua = 0,
        .quirk = "slow quad PSRAM",
    },
    {
        .id = "atoms3r-cam",
        .name = "M5Stack AtomS3R-CAM, AtomS3R-M12",
        .profile = "esp32s3-cam",
        .psram = Psram::Octal,
        .psram_mb = 8,
        .flash_mb = 8,
        .sensor = {kNotWired, kNotWired, 21, 12, 9, {3, 42, 46, 48, 4, 17, 11, 13}, 10, 14, 40},
        .rail = {18, false},
        .card = kNoCard,
        .led = kNoLed,
        .sleep_ua = 0,
        .quirk = "one of the two carries a GC0308, which makes no JPEG and is refused",
    },
};

inline constexpr size_t kBoardCount = sizeof(kBoards) / sizeof(kBoards[0]);

// Whether every power pin is one that the RTC can hold off through deep sleep.
constexpr bool power_can_be_held() {
  for (const Board& board : kBoards) {
    if (board.sensor.pwdn > 21 || board.rail.pin > 21) return false;
  }
  return true;
}
static_assert(power_can_be_held());

// GPIO 0 is the BOOT button everywhere, and so may serve as one.
constexpr bool boot_button_is_free() {
  for (const Board& board : kBoards) {
    if (board.uses(0)) return false;
  }
  return true;
}
static_assert(boot_button_is_free());

// The row called `id`, or nothing.
constexpr const Board* find_board(std::string_view id) {
  for (const Board& board : kBoards) {
    if (board.id == id) return &board;
  }
  return nullptr;
}

// The row a binary can only mean, where the board has a name (FQBN) of its own; empty for the generic profiles, whose
// row is said at set-up.
#if defined(ARDUINO_XIAO_ESP32S3)
inline constexpr std::string_view kCompiledFor = "xiao-esp32s3-sense";
#elif defined(ARDUINO_M5STACK_UNIT_CAMS3)
inline constexpr std::string_view kCompiledFor = "m5-unit-cams3";
#elif defined(ARDUINO_DFROBOT_FIREBEETLE_2_ESP32S3)
inline constexpr std::string_view kCompiledFor = "firebeetle2-s3";
#elif defined(ARDUINO_DFROBOT_ROMEO_ESP32S3)
inline constexpr std::string_view kCompiledFor = "romeo-s3";
#else
inline constexpr std::string_view kCompiledFor = {};
#endif

}  // namespace camera
