// refused: invalid conversion from 'const uint8_t
#include <WiFi.h>
void join(const char* ssid, const char* password, const uint8_t* bssid) {
#ifdef RIGHT
  WiFi.begin(ssid, password, 0, bssid);
#else
  WiFi.begin(ssid, password, bssid);  // the channel comes before
#endif
}
