#include "EspRoots.h"

#include <mbedtls/x509_crt.h>

#include <cstring>

namespace camera {
namespace {

constexpr std::string_view kNames[] = {kRoot1Note, kRoot2Note};

std::string_view view_of(const mbedtls_x509_buf& der) { return {reinterpret_cast<const char*>(der.p), der.len}; }

}  // namespace

bool keep_roots(Notes& notes, const char* pem) {
  mbedtls_x509_crt chain;
  mbedtls_x509_crt_init(&chain);
  bool is_kept = mbedtls_x509_crt_parse(&chain, reinterpret_cast<const unsigned char*>(pem), std::strlen(pem) + 1) == 0;
  const mbedtls_x509_crt* second = is_kept ? chain.next : nullptr;
  if (second != nullptr && (second->next != nullptr || second->raw.len > kMaxNote)) is_kept = false;
  is_kept = is_kept && chain.raw.len <= kMaxNote && notes.write(kNames[0], view_of(chain.raw)) &&
            notes.write(kNames[1], second != nullptr ? view_of(second->raw) : std::string_view());
  mbedtls_x509_crt_free(&chain);
  return is_kept;
}

void trust_roots(Notes& notes, EspTls& tls) {
  for (const std::string_view name : kNames) {
    FixedText<kMaxNote> note;
    if (!notes.read(name, note)) continue;
    tls.add_root({reinterpret_cast<const std::uint8_t*>(note.view().data()), note.size()});
  }
}

}  // namespace camera
