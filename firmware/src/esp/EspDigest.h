// SHA-256 by the chip's own unit.
#pragma once

#include "../core/Ports.h"

namespace camera {

class EspDigest final : public Digest {
 public:
  Sha256 sha256(Bytes bytes) override;
};

}  // namespace camera
