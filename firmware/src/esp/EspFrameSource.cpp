#include "EspFrameSource.h"

#include <Arduino.h>
#include <driver/gpio.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace camera {
namespace {

constexpr int kClockHz = 20000000;
constexpr uint32_t kPowerSettlesMs = 500;

// OV3660: system control, software power-down. The OV2640's own standby cannot be left without cutting its power.
constexpr int kOv3660SystemControl = 0x3008;
constexpr int kOv3660PowerDown = 0x40;

framesize_t driver_size(FrameSize size) {
  switch (size) {
    case FrameSize::QVGA:
      return FRAMESIZE_QVGA;
    case FrameSize::VGA:
      return FRAMESIZE_VGA;
    case FrameSize::SVGA:
      return FRAMESIZE_SVGA;
    case FrameSize::XGA:
      return FRAMESIZE_XGA;
    case FrameSize::HD:
      return FRAMESIZE_HD;
    case FrameSize::SXGA:
      return FRAMESIZE_SXGA;
    case FrameSize::UXGA:
      return FRAMESIZE_UXGA;
    case FrameSize::FHD:
      return FRAMESIZE_FHD;
    case FrameSize::QXGA:
      return FRAMESIZE_QXGA;
    case FrameSize::QSXGA:
      return FRAMESIZE_QSXGA;
  }
  return FRAMESIZE_SVGA;
}

const char* c_str(Psram psram) { return psram == Psram::Octal ? "octal" : "quad"; }

template <size_t Size, typename... Words>
std::string_view say(char (&text)[Size], const char* format, Words... words) {
  const int length = std::snprintf(text, Size, format, words...);
  return {text, std::min(static_cast<size_t>(length > 0 ? length : 0), Size - 1)};
}

}  // namespace

bool EspFrameSource::start(FrameSize largest) {
  largest_ = driver_size(largest);
  if (!psramFound()) {
    can_recover_ = false;
    fault_ = say(fault_text_, "no PSRAM: board %s has it %s; flash with profile %s", board_.id.data(),
                 c_str(board_.psram), board_.profile.data());
    log_.line(LogLevel::Error, fault_);
    return false;
  }
  set_power(true);
  return init();
}

void EspFrameSource::power_off() {
  if (!board_.can_cut_sensor()) stand_by(true);
  esp_camera_deinit();
  set_power(false);
}

Frame EspFrameSource::take() {
  camera_fb_t* buffer = esp_camera_fb_get();
  if (buffer == nullptr) return {};
  std::atomic<camera_fb_t*>* place = nullptr;
  for (auto& held : held_) {
    if (held.load() == nullptr) place = &held;
  }
  if (place == nullptr || buffer->format != PIXFORMAT_JPEG) {
    esp_camera_fb_return(buffer);
    return {};
  }
  place->store(buffer);
  Frame frame(*this, {buffer->buf, buffer->len});
  // The driver's stamp is `esp_timer` when the sensor began the frame, never the wall clock.
  frame.up_ms = clock_.up_ms_at(int64_t{buffer->timestamp.tv_sec} * 1000000 + buffer->timestamp.tv_usec);
  const std::optional<uint64_t> unix_ms = clock_.unix_ms();
  if (unix_ms) frame.taken_ms = *unix_ms - (clock_.now_ms() - frame.up_ms);
  return frame;
}

void EspFrameSource::give_back(const uint8_t* data) {
  for (auto& held : held_) {
    camera_fb_t* buffer = held.load();
    if (buffer == nullptr || buffer->buf != data) continue;
    held.store(nullptr);
    esp_camera_fb_return(buffer);
    return;
  }
}

bool EspFrameSource::apply(const SensorSettings& settings) {
  settings_ = settings;
  sensor_t* sensor = esp_camera_sensor_get();
  if (sensor == nullptr) return false;
  const camera_sensor_info_t* info = esp_camera_sensor_get_info(&sensor->id);
  framesize_t size = std::min(driver_size(settings.size), largest_);
  if (info != nullptr) size = std::min(size, info->max_size);
  // OV3660 modules hang upside down, and are pale and too colourful, unless told so.
  const bool is_ov3660 = sensor->id.PID == OV3660_PID;
  sensor->set_vflip(sensor, settings.is_flipped != is_ov3660 ? 1 : 0);
  sensor->set_hmirror(sensor, settings.is_mirrored ? 1 : 0);
  sensor->set_brightness(sensor, std::min(2, settings.brightness + (is_ov3660 ? 1 : 0)));
  if (is_ov3660) sensor->set_saturation(sensor, -2);
  // Some sensors answer no to a flip they cannot do; these two every sensor can.
  const bool has_size = sensor->set_framesize(sensor, size) == 0;
  const bool has_quality = sensor->set_quality(sensor, settings.quality) == 0;
  return has_size && has_quality;
}

bool EspFrameSource::restart(SensorRestart how) {
  if (!can_recover_) return false;
  esp_camera_deinit();
  if (how == SensorRestart::PowerCycle) {
    set_power(false);
    delay(kPowerSettlesMs);
    set_power(true);
  }
  return init() && apply(settings_);
}

void EspFrameSource::stand_by(bool on) {
  sensor_t* sensor = esp_camera_sensor_get();
  if (sensor == nullptr || sensor->id.PID != OV3660_PID) return;
  sensor->set_reg(sensor, kOv3660SystemControl, kOv3660PowerDown, on ? kOv3660PowerDown : 0);
}

camera_config_t EspFrameSource::config() const {
  camera_config_t config{};  // the driver reads every field, also those that nobody sets
  const SensorPins& pins = board_.sensor;
  config.pin_pwdn = pins.pwdn;
  config.pin_reset = pins.reset;
  config.pin_xclk = pins.xclk;
  config.pin_sccb_sda = pins.sda;
  config.pin_sccb_scl = pins.scl;
  config.pin_d0 = pins.data[0];
  config.pin_d1 = pins.data[1];
  config.pin_d2 = pins.data[2];
  config.pin_d3 = pins.data[3];
  config.pin_d4 = pins.data[4];
  config.pin_d5 = pins.data[5];
  config.pin_d6 = pins.data[6];
  config.pin_d7 = pins.data[7];
  config.pin_vsync = pins.vsync;
  config.pin_href = pins.href;
  config.pin_pclk = pins.pclk;
  config.xclk_freq_hz = kClockHz;
  config.ledc_timer = LEDC_TIMER_0;
  config.ledc_channel = LEDC_CHANNEL_0;
  config.pixel_format = PIXFORMAT_JPEG;
  config.frame_size = largest_;
  config.jpeg_quality = 12;
  config.fb_count = kBuffers;
  config.fb_location = CAMERA_FB_IN_PSRAM;
  config.grab_mode = CAMERA_GRAB_LATEST;
  return config;
}

bool EspFrameSource::init() {
  fault_ = {};
  const camera_config_t jpeg = config();
  const esp_err_t error = esp_camera_init(&jpeg);
  if (error == ESP_OK) {
    name_the_sensor();
    return true;
  }
  // "Not supported" is what the driver says of a sensor without JPEG, and also when none answers. Which of the two, a
  // small frame of raw pixels tells.
  camera_config_t raw = jpeg;
  raw.pixel_format = PIXFORMAT_RGB565;
  raw.frame_size = FRAMESIZE_QQVGA;
  raw.fb_count = 1;
  if (error == ESP_ERR_NOT_SUPPORTED && esp_camera_init(&raw) == ESP_OK) {
    name_the_sensor();
    esp_camera_deinit();
    can_recover_ = false;
    fault_ =
        say(fault_text_, "the sensor %s cannot make JPEG; one of these can: OV2640, OV3660, OV5640, NT99141, MEGA_CCM",
            sensor_.data());
  } else {
    fault_ = say(fault_text_, "no sensor answers (0x%x): is the flat cable in, and is the board a %s?",
                 static_cast<unsigned>(error), board_.id.data());
  }
  log_.line(LogLevel::Error, fault_);
  return false;
}

void EspFrameSource::name_the_sensor() {
  sensor_t* sensor = esp_camera_sensor_get();
  const camera_sensor_info_t* info = sensor != nullptr ? esp_camera_sensor_get_info(&sensor->id) : nullptr;
  sensor_ = info != nullptr ? std::string_view(info->name) : std::string_view("unknown");
}

// Off is held, because deep sleep lets go of a pin otherwise. Pins up to 21 are held by the RTC without more ado.
void EspFrameSource::set_power(bool on) {
  const auto put = [on](int8_t number, bool level) {
    if (number == kNotWired) return;
    const auto pin = static_cast<gpio_num_t>(number);
    gpio_hold_dis(pin);
    pinMode(static_cast<uint8_t>(number), OUTPUT);
    digitalWrite(static_cast<uint8_t>(number), level ? HIGH : LOW);
    if (!on) gpio_hold_en(pin);
  };
  put(board_.sensor.pwdn, !on);
  put(board_.rail.pin, board_.rail.on_level == on);
  if (on && board_.can_cut_sensor()) delay(kPowerSettlesMs);
}

}  // namespace camera
