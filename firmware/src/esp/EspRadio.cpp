#include "EspRadio.h"

#include <WiFi.h>

#include <cstring>

namespace camera {
namespace {

template <std::size_t Size>
bool copy(std::string_view text, char (&out)[Size]) {
  if (text.size() >= Size) return false;
  if (!text.empty()) std::memcpy(out, text.data(), text.size());
  out[text.size()] = '\0';
  return true;
}

}  // namespace

void EspRadio::join(std::string_view ssid, std::string_view password) {
  if (is_held_) return;
  char name[33];
  char secret[65];
  if (!copy(ssid, name) || !copy(password, secret)) return;
  set_power(true);
  WiFi.begin(name, password.empty() ? nullptr : secret);
}

void EspRadio::set_power(bool is_on) {
  if (is_held_) return;
  if (!is_on) {
    WiFi.disconnect(true);
    WiFi.mode(WIFI_OFF);
    return;
  }
  WiFi.persistent(false);  // the core would write the password into its own flash partition
  if ((WiFi.getMode() & WIFI_STA) == 0) WiFi.mode(WIFI_STA);
  WiFi.setSleep(false);  // power saving costs a beacon's wait for every round trip
  if (is_gentle_) WiFi.setTxPower(WIFI_POWER_8_5dBm);
}

bool EspRadio::is_up() { return WiFi.status() == WL_CONNECTED; }

std::optional<int> EspRadio::rssi() {
  if (!is_up()) return std::nullopt;
  return WiFi.RSSI();
}

}  // namespace camera
