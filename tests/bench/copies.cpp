// Counts the bytes that the camera's code writes into memory, in whatever way, into `written_bytes` of uplink.cpp.
//
// GCC calls these functions before every store that it compiles, as it does for the kernel's address sanitizer, and the
// linker leads every call of memcpy and memmove through here. What is stored twice in a row at one place may be counted
// once; the kernel's own copy at send() is not seen.
#include <cstddef>
#include <cstdint>

extern std::uint64_t written_bytes;

#define UNCOUNTED __attribute__((no_sanitize("kernel-address")))

extern "C" {

void* __real_memcpy(void* to, const void* from, std::size_t size);
void* __real_memmove(void* to, const void* from, std::size_t size);

UNCOUNTED void* __wrap_memcpy(void* to, const void* from, std::size_t size) {
  written_bytes += size;
  return __real_memcpy(to, from, size);
}

UNCOUNTED void* __wrap_memmove(void* to, const void* from, std::size_t size) {
  written_bytes += size;
  return __real_memmove(to, from, size);
}

UNCOUNTED void __asan_store1_noabort(void*) { written_bytes += 1; }
UNCOUNTED void __asan_store2_noabort(void*) { written_bytes += 2; }
UNCOUNTED void __asan_store4_noabort(void*) { written_bytes += 4; }
UNCOUNTED void __asan_store8_noabort(void*) { written_bytes += 8; }
UNCOUNTED void __asan_store16_noabort(void*) { written_bytes += 16; }
UNCOUNTED void __asan_storeN_noabort(void*, std::size_t size) { written_bytes += size; }
UNCOUNTED void __asan_handle_no_return() {}
}
