// The same for libFuzzer, where there is a clang: clang++ -fsanitize=fuzzer,address,undefined.
#include "parsers_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 3 == 0) camera::testing::fuzz_fields(text);
  if (data[0] % 3 == 1) camera::testing::fuzz_reply(text);
  if (data[0] % 3 == 2) camera::testing::fuzz_address(text);
  return 0;
}
