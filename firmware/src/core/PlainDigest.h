// SHA-256 (FIPS 180-4) in plain C++, for machines without a unit for it.
#pragma once

#include "Ports.h"

namespace camera {

class PlainDigest final : public Digest {
 public:
  Sha256 sha256(Bytes bytes) override;
};

}  // namespace camera
