// refused: has no member named 'fb_counts'
#include <esp_camera.h>
void start() {
  camera_config_t config{};
#ifdef RIGHT
  config.fb_count = 2;
#else
  config.fb_counts = 2;
#endif
  esp_camera_init(&config);
}
