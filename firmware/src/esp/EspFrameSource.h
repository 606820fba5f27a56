// The camera driver as a source of frames.
#pragma once

#include <esp_camera.h>

#include <atomic>

#include "../core/Ports.h"
#include "Boards.h"
#include "EspClock.h"

namespace camera {

class EspFrameSource final : public FrameSource {
 public:
  EspFrameSource(const Board& board, EspClock& clock, Log& log) : board_(board), clock_(clock), log_(log) {}

  // Powers the sensor, finds out what it is and starts the driver with buffers for frames up to `largest`. Needs PSRAM.
  // Start Wi-Fi first: the other order freezes the driver's DMA on some boards and draws the most current.
  // False: `fault()` says why in words for a person.
  bool start(FrameSize largest);

  // Stops the driver and takes the sensor's power away, through deep sleep too, where the board has a pin for it.
  void power_off();

  // Low power without losing the power, where the sensor can: for the sleep of a board that cannot cut it. Between two
  // frames it would buy little and cost the settling of exposure anew.
  void stand_by(bool on);

  Frame take() override;
  bool apply(const SensorSettings& settings) override;
  bool restart(SensorRestart how) override;
  std::string_view sensor() const override { return sensor_; }
  std::string_view fault() const override { return fault_; }
  bool can_recover() const override { return can_recover_; }
  void give_back(const uint8_t* data) override;

 private:
  // Two, because with one the newest frame does not push the old one out.
  static constexpr size_t kBuffers = 2;

  camera_config_t config() const;
  bool init();
  void name_the_sensor();
  void set_power(bool on);

  const Board& board_;
  EspClock& clock_;
  Log& log_;
  framesize_t largest_ = FRAMESIZE_SVGA;
  SensorSettings settings_;
  std::string_view sensor_;
  char fault_text_[160] = {};
  std::string_view fault_;
  bool can_recover_ = true;
  std::atomic<camera_fb_t*> held_[kBuffers] = {};
};

}  // namespace camera
