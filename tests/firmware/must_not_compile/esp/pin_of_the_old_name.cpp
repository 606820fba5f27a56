// refused: is deprecated
#include <esp_camera.h>
void start() {
  camera_config_t config{};
#ifdef RIGHT
  config.pin_sccb_sda = 4;
#else
  config.pin_sscb_sda = 4;
#endif
  esp_camera_init(&config);
}
