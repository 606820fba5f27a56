#pragma once
#include "Arduino.h"
typedef enum { WIFI_MODE_NULL = 0, WIFI_MODE_STA, WIFI_MODE_AP, WIFI_MODE_APSTA, WIFI_MODE_MAX } wifi_mode_t;
#define WIFI_OFF WIFI_MODE_NULL
#define WIFI_STA WIFI_MODE_STA
#define WIFI_AP WIFI_MODE_AP
#define WIFI_AP_STA WIFI_MODE_APSTA
typedef enum {
  WL_NO_SHIELD = 255,
  WL_STOPPED = 254,
  WL_IDLE_STATUS = 0,
  WL_NO_SSID_AVAIL = 1,
  WL_SCAN_COMPLETED = 2,
  WL_CONNECTED = 3,
  WL_CONNECT_FAILED = 4,
  WL_CONNECTION_LOST = 5,
  WL_DISCONNECTED = 6
} wl_status_t;
typedef enum {
  WIFI_POWER_19_5dBm = 78,
  WIFI_POWER_19dBm = 76,
  WIFI_POWER_18_5dBm = 74,
  WIFI_POWER_17dBm = 68,
  WIFI_POWER_15dBm = 60,
  WIFI_POWER_13dBm = 52,
  WIFI_POWER_11dBm = 44,
  WIFI_POWER_8_5dBm = 34,
  WIFI_POWER_7dBm = 28,
  WIFI_POWER_5dBm = 20,
  WIFI_POWER_2dBm = 8,
  WIFI_POWER_MINUS_1dBm = -4
} wifi_power_t;
class WiFiClass {
 public:
  static bool mode(wifi_mode_t);
  static wifi_mode_t getMode();
  void persistent(bool persistent);
  bool setSleep(bool enabled);
  bool setTxPower(wifi_power_t power);
  wl_status_t begin(const char* ssid, const char* passphrase = nullptr, int32_t channel = 0,
                    const uint8_t* bssid = nullptr, bool connect = true);
  wl_status_t begin(const String& ssid, const String& passphrase = (const char*)nullptr, int32_t channel = 0,
                    const uint8_t* bssid = nullptr, bool connect = true);
  wl_status_t begin();
  bool disconnect(bool wifioff = false, bool eraseap = false);
  wl_status_t status();
  int8_t RSSI();
  bool softAP(const char* ssid, const char* passphrase = nullptr, int channel = 1, int ssid_hidden = 0,
              int max_connection = 4, bool ftm_responder = false);
  bool softAPdisconnect(bool wifioff = false);
  IPAddress softAPIP();
  uint8_t softAPgetStationNum();
};
extern WiFiClass WiFi;
