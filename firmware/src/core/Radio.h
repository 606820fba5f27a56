// The port to Wi-Fi. Which network and when is decided in WifiLadder; nothing here waits.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace camera {

class Radio {
 public:
  /// Begins to join a network, leaving any other.
  virtual void join(std::string_view ssid, std::string_view password) = 0;

  /// Off is off: power and state of the driver gone.
  virtual void set_power(bool is_on) = 0;

  /// Joined, with an address.
  virtual bool is_up() = 0;

  /// In dBm, while it is up.
  virtual std::optional<int> rssi() = 0;

 protected:
  ~Radio() = default;
};

}  // namespace camera
