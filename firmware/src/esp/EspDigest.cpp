#include "EspDigest.h"

#include <esp_err.h>
#include <mbedtls/sha256.h>

namespace camera {

Sha256 EspDigest::sha256(Bytes bytes) {
  Sha256 sum{};
  // Fails only without memory for its own few words. A wrong hash would be refused for ever; a restart is not.
  ESP_ERROR_CHECK(mbedtls_sha256(bytes.data, bytes.size, sum.data(), 0));
  return sum;
}

}  // namespace camera
