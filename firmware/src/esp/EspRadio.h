// Wi-Fi as a station.
#pragma once

#include "../core/Radio.h"

namespace camera {

class EspRadio final : public Radio {
 public:
  // `is_gentle`: send with less power, because the last start ended in a brown-out.
  explicit EspRadio(bool is_gentle) : is_gentle_(is_gentle) {}

  void join(std::string_view ssid, std::string_view password) override;
  void set_power(bool is_on) override;
  bool is_up() override;
  std::optional<int> rssi() override;

  // While held it stays as it is: looking for networks would throw a visitor out of the camera's own.
  void hold(bool is_held) { is_held_ = is_held; }

 private:
  bool is_gentle_;
  bool is_held_ = false;
};

}  // namespace camera
