// refused: no matching function for call to 'Preferences::begin
#include <Preferences.h>
bool open(Preferences& preferences) {
#ifdef RIGHT
  return preferences.begin("camera", false, "cfg");
#else
  return preferences.begin("camera", false, "cfg", 0x6000);
#endif
}
