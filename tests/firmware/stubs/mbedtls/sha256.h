#pragma once
// mbedTLS 3, as in both versions of ESP-IDF. Only used where Debian's mbedTLS 2 differs.
#include <cstddef>
extern "C" int mbedtls_sha256(const unsigned char* input, size_t ilen, unsigned char* output, int is224);
