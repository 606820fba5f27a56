// The chip's noise. True noise only while the radio runs or the bootloader's source is on, so one of them is seen to.
#pragma once

#include "../core/Ports.h"

namespace camera {

class EspRandom final : public Random {
 public:
  uint32_t next_u32() override;
};

}  // namespace camera
