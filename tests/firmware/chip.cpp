// src/esp on a chip that is not there: one claim for each word on the command line, for test_chip.py.
#include "chip.h"

#include <cstdio>
#include <cstring>

#include "../../firmware/src/esp/EspClock.h"
#include "../../firmware/src/esp/EspFrameSource.h"
#include "../../firmware/src/esp/EspLog.h"
#include "../../firmware/src/esp/EspMachine.h"
#include "../../firmware/src/esp/EspNotes.h"
#include "../../firmware/src/esp/EspPins.h"
#include "../../firmware/src/esp/EspRadio.h"
#include "../../firmware/src/esp/EspRandom.h"
#include "../../firmware/src/esp/EspStorage.h"
#include "FakeFiles.h"

namespace {

using namespace camera;

#define CHECK(claim)                                          \
  do {                                                        \
    if (!(claim)) {                                           \
      std::printf("line %d: not so: %s\n", __LINE__, #claim); \
      std::exit(1);                                           \
    }                                                         \
  } while (false)

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

struct Source {
  explicit Source(std::string_view id) : source(*find_board(id), clock, log) {}
  EspClock clock;
  EspLog log;
  EspFrameSource source;
};

void config() {
  Source it("waveshare-s3-eth");
  CHECK(it.source.start(FrameSize::UXGA));
  CHECK(chip.inits.size() == 1);
  camera_config_t zero{};
  camera_config_t got = chip.inits[0];
  CHECK(got.fb_count == 2 && got.grab_mode == CAMERA_GRAB_LATEST && got.fb_location == CAMERA_FB_IN_PSRAM);
  CHECK(got.pixel_format == PIXFORMAT_JPEG && got.frame_size == FRAMESIZE_UXGA && got.xclk_freq_hz == 20000000);
  CHECK(got.pin_pwdn == 8 && got.pin_reset == -1 && got.pin_xclk == 3);
  CHECK(got.pin_sccb_sda == 48 && got.pin_sccb_scl == 47);
  const int data[] = {got.pin_d0, got.pin_d1, got.pin_d2, got.pin_d3, got.pin_d4, got.pin_d5, got.pin_d6, got.pin_d7};
  const int wanted[] = {41, 45, 46, 42, 40, 38, 15, 18};
  CHECK(std::memcmp(data, wanted, sizeof data) == 0);
  CHECK(got.pin_vsync == 1 && got.pin_href == 2 && got.pin_pclk == 39);
  CHECK(got.sccb_i2c_port == zero.sccb_i2c_port);
  CHECK(it.source.sensor() == "OV2640");
}

void no_jpeg() {
  chip.jpeg_init = ESP_ERR_NOT_SUPPORTED;
  chip.sensor = "GC0308";
  Source it("atoms3r-cam");
  CHECK(!it.source.start(FrameSize::UXGA));
  CHECK(has(it.source.fault(), "GC0308 cannot make JPEG") && !it.source.can_recover());
  CHECK(has(chip.serial, "GC0308 cannot make JPEG"));
  CHECK(!chip.is_running);
}

void no_sensor() {
  chip.jpeg_init = chip.raw_init = ESP_ERR_NOT_SUPPORTED;
  Source it("dfr1154");
  CHECK(!it.source.start(FrameSize::UXGA));
  CHECK(has(it.source.fault(), "no sensor answers") && has(it.source.fault(), "dfr1154"));
  CHECK(!it.source.take() && it.source.can_recover());
  chip.jpeg_init = ESP_OK;
  CHECK(it.source.restart(SensorRestart::Reinit));
  CHECK(it.source.fault().empty() && it.source.take());
}

void no_psram() {
  chip.has_psram = false;
  Source it("s3-devcam");
  CHECK(!it.source.start(FrameSize::UXGA));
  CHECK(has(it.source.fault(), "quad") && has(it.source.fault(), "esp32s3-quad"));
  CHECK(!it.source.can_recover() && !it.source.restart(SensorRestart::PowerCycle));
  CHECK(has(it.source.fault(), "esp32s3-quad"));
  CHECK(chip.inits.empty());
}

void buffers() {
  Source it("esp32s3-cam");
  it.source.start(FrameSize::UXGA);
  for (int i = 0; i < 1000; ++i) {
    Frame frame = it.source.take();
    CHECK(frame && frame.bytes().size == 4);
    if (i % 3 == 0) frame.drop();
  }
  CHECK(chip.lent == 0 && chip.most_lent == 1);
  Frame one = it.source.take();
  Frame two = it.source.take();
  CHECK(one && two && !it.source.take());
  CHECK(chip.lent == 2);
  one = Frame();
  CHECK(chip.lent == 1 && it.source.take());
}

void nothing_comes() {
  Source it("esp32s3-cam");
  it.source.start(FrameSize::UXGA);
  chip.gives_frames = false;
  CHECK(!it.source.take());
  chip.gives_frames = true;
  chip.format = PIXFORMAT_RGB565;
  CHECK(!it.source.take() && chip.lent == 0);
}

void times() {
  Source it("esp32s3-cam");
  it.clock.begin();
  it.source.start(FrameSize::UXGA);
  chip.timer_us = 5'000'000;
  chip.stamp_us = 4'800'000;
  Frame frame = it.source.take();
  CHECK(frame.up_ms == 4800 && !frame.taken_ms);
  it.clock.set_unix_ms(1'795'345'345'123);
  frame = it.source.take();
  CHECK(frame.taken_ms == 1'795'345'345'123 - 200);
  // An hour of deep sleep: the timer begins anew, the clock goes on.
  it.clock.before_sleep();
  chip.wall_us += 3'600'000'000;
  chip.timer_us = 300'000;
  chip.stamp_us = 250'000;
  EspClock woken;
  woken.begin();
  CHECK(woken.now_ms() == 5000 + 3'600'000);
  CHECK(woken.up_ms_at(chip.stamp_us) == woken.now_ms() - 50);
}

void sensors() {
  Source it("xiao-esp32s3-sense");
  it.source.start(FrameSize::SXGA);
  SensorSettings settings;
  settings.size = FrameSize::QSXGA;
  settings.quality = 10;
  CHECK(it.source.apply(settings));
  CHECK(chip.told["size"] == FRAMESIZE_SXGA && chip.told["quality"] == 10);  // no larger than the buffers
  CHECK(chip.told["flip"] == 0 && chip.told.count("saturation") == 0);
  chip.sensor_max = FRAMESIZE_VGA;
  CHECK(it.source.apply(settings) && chip.told["size"] == FRAMESIZE_VGA);
  chip.pid = OV3660_PID;
  CHECK(it.source.restart(SensorRestart::Reinit));
  CHECK(chip.told["flip"] == 1 && chip.told["brightness"] == 1 && chip.told["saturation"] == -2);
  settings.is_flipped = true;
  CHECK(it.source.apply(settings) && chip.told["flip"] == 0);
  it.source.stand_by(true);
  CHECK(chip.told["reg 12296"] == 0x40);
  it.source.stand_by(false);
  CHECK(chip.told["reg 12296"] == 0);
}

void power() {
  Source on_pwdn("waveshare-s3-eth");
  on_pwdn.source.start(FrameSize::UXGA);
  chip.written.clear();
  CHECK(on_pwdn.source.restart(SensorRestart::PowerCycle));
  CHECK((chip.written == std::vector<std::pair<int, int>>{{8, HIGH}, {8, LOW}}));
  Source on_rail("atoms3r-cam");
  chip.written.clear();
  on_rail.source.start(FrameSize::UXGA);
  CHECK((chip.written == std::vector<std::pair<int, int>>{{18, LOW}}));
  chip.held.clear();
  on_rail.source.power_off();
  CHECK(chip.written.back() == std::make_pair(18, HIGH) && chip.held == std::vector<int>{18} && !chip.is_running);
  Source no_pin("esp32s3-cam");
  no_pin.source.start(FrameSize::UXGA);
  chip.written.clear();
  CHECK(no_pin.source.restart(SensorRestart::PowerCycle) && chip.written.empty());
}

void notes() {
  EspNotes notes;
  CHECK(notes.begin() && chip.partition == "cfg");
  FixedText<kMaxNote> out;
  CHECK(!notes.read("wifi", out));
  CHECK(notes.write("wifi", "ssid0=\"attic\"") && notes.read("wifi", out) && out.view() == "ssid0=\"attic\"");
  CHECK(notes.write("wifi", "") && chip.notes.empty() && notes.write("wifi", ""));
  CHECK(!notes.write("a-name-of-16-let", "x") && !notes.read("a-name-of-16-let", out));
  CHECK(notes.write("a-name-of-15-le", "x"));
  const std::string most(kMaxNote, 'x');
  CHECK(notes.write("long", most) && !notes.write("long", most + "x"));
  out.clear();
  CHECK(notes.read("long", out) && out.view() == most);
  FixedText<10> small;
  CHECK(!notes.read("long", small));
}

void pins() {
  EspNotes notes;
  EspPins alone;
  const Board& board = *find_board("xiao-esp32s3-sense");
  alone.begin(notes, board);
  CHECK(alone.levels() == 0);
  chip.level[0] = LOW;  // BOOT is the first button where nobody said otherwise
  CHECK(alone.levels() == 1);
  notes.write("pins", "button1=1, button2=10, motion=4");  // 10 is the sensor's clock
  EspPins wired;
  wired.begin(notes, board);
  CHECK(chip.mode.count(10) == 0 && chip.mode[1] == INPUT_PULLUP && chip.mode[4] == INPUT_PULLDOWN);
  CHECK(wired.levels() == 0);
  chip.level[1] = LOW;
  chip.level[4] = HIGH;
  CHECK(wired.levels() == (1U | 1U << kMotionPin));
  wired.wake_by_pins();
  CHECK(chip.wakes_on_low == 1U << 1 && chip.wakes_on_high == 4);
}

void woken() {
  EspNotes notes;
  chip.woken_by = 1;  // GPIO 0, and let go since
  EspPins pins;
  pins.begin(notes, *find_board("esp32s3-cam"));
  CHECK(pins.levels() == 0);
  CHECK(pins.levels() == 1);
  chip.ms += 100;
  CHECK(pins.levels() == 1);
  chip.ms += 1000;
  pins.levels();
  CHECK(pins.levels() == 0);
}

void woken_by_motion() {
  EspNotes notes;
  notes.write("pins", "button1=0, motion=4");
  chip.is_woken_by_motion = true;  // and it is still again
  EspPins pins;
  pins.begin(notes, *find_board("xiao-esp32s3-sense"));
  CHECK(pins.levels() == 0);
  CHECK(pins.levels() == 1U << kMotionPin);
  chip.ms += 1000;
  pins.levels();
  CHECK(pins.levels() == 0);
}

void starts() {
  EspLog log;
  EspMachine machine(log);
  const auto start = [&machine](esp_reset_reason_t reason) {
    chip.reset = reason;
    machine.begin();
    return machine.vitals();
  };
  CHECK(start(ESP_RST_POWERON).reset == "power-on" && machine.vitals().restarts == 0);
  CHECK(start(ESP_RST_BROWNOUT).brownouts == 1 && machine.was_brownout());
  CHECK(start(ESP_RST_DEEPSLEEP).restarts == 1 && machine.vitals().reset == "wake");
  CHECK(start(ESP_RST_TASK_WDT).restarts == 2 && machine.vitals().reset == "watchdog");
  CHECK(machine.vitals().temperature_c == 42 && !machine.vitals().battery_mv);
  chip.celsius = __builtin_nanf("");
  CHECK(!machine.vitals().temperature_c);
  CHECK(start(ESP_RST_POWERON).restarts == 0 && machine.vitals().brownouts == 0);
}

void storage() {
  EspLog log;
  chip.card_works_at = 4000;
  FakeFiles files;
  for (const char* id : {"xiao-esp32s3-sense", "esp32s3-cam"}) {
    chip.card_speeds.clear();
    const Mounted card = mount(*find_board(id), files, log);
    CHECK(card.is_card && std::strcmp(card.folder, "/sdcard/frames") == 0 && card.size_bytes == 32000000000);
    CHECK((chip.card_speeds == std::vector<int>{20000, 4000}));
    CHECK(files.files.empty());
  }
  for (std::uint64_t call = 1; call <= 6; ++call) {  // write-protected, or worse
    FakeFiles broken;
    broken.fail_at = call;
    broken.fail_until = UINT64_MAX;
    CHECK(!mount(*find_board("esp32s3-cam"), broken, log).is_card && has(chip.serial, "the card takes no files"));
  }
  chip.card_works_at = 0;
  const Mounted flash = mount(*find_board("esp32s3-cam"), files, log);
  CHECK(!flash.is_card && std::strcmp(flash.folder, "/spool/frames") == 0 && chip.flash_label == "spool");
  CHECK(!chip.card_may_be_formatted);
  chip.flash_works = false;
  CHECK(mount(*find_board("romeo-s3"), files, log).folder == nullptr && has(chip.serial, "lost with the power"));
}

void radio() {
  EspRadio weak(true);
  weak.set_power(true);
  CHECK(chip.wifi == WIFI_STA && chip.power == WIFI_POWER_8_5dBm && !chip.keeps_password);
  weak.join("attic", "correct horse");
  weak.join("cafe", "");
  weak.join(std::string(33, 'x'), "");
  CHECK((chip.joins == std::vector<std::string>{"attic/correct horse", "cafe/(open)"}));
  CHECK(weak.rssi() == -61);
  weak.hold(true);
  weak.join("attic", "correct horse");
  weak.set_power(false);
  CHECK(chip.joins.size() == 2 && chip.wifi == WIFI_STA);
  weak.hold(false);
  weak.set_power(false);
  CHECK(chip.wifi == WIFI_OFF);
  chip.power = 0;
  EspRadio(false).set_power(true);
  CHECK(chip.power == 0);
  CHECK(!has(chip.serial, "correct horse"));
}

void noise() {
  EspRandom random;
  random.next_u32();
  CHECK(chip.poor_draws == 0 && !chip.has_early_noise);
  chip.wifi = WIFI_STA;
  random.next_u32();
  CHECK(chip.poor_draws == 0);
}

constexpr struct {
  const char* word;
  void (*claim)();
} kClaims[] = {
    {"config", config},     {"no_jpeg", no_jpeg}, {"no_sensor", no_sensor},
    {"no_psram", no_psram}, {"buffers", buffers}, {"nothing_comes", nothing_comes},
    {"times", times},       {"sensors", sensors}, {"power", power},
    {"notes", notes},       {"pins", pins},       {"woken", woken},
    {"woken_by_motion", woken_by_motion},
    {"starts", starts},     {"storage", storage}, {"radio", radio},
    {"noise", noise},
};

}  // namespace

int main(int count, char** words) {
  for (const auto& it : kClaims) {
    if (count == 2 && std::strcmp(words[1], it.word) == 0) return it.claim(), 0;
  }
  for (const auto& it : kClaims) std::printf("%s\n", it.word);
  return 2;
}
