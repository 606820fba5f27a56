// refused: use of deleted function
#include "../../../../firmware/src/core/Frame.h"
void hold(camera::Frame& frame) {
#ifdef RIGHT
  camera::Frame other = static_cast<camera::Frame&&>(frame);
#else
  camera::Frame other = frame;  // two frames would give one buffer back
#endif
  other.drop();
}
