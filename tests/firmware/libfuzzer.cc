// The same for libFuzzer, where there is a clang: clang++ -fsanitize=fuzzer,address,undefined.
#include <cstdlib>

#include "parsers_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  using namespace camera::testing;
  const bool is_kept = data[0] % 3 == 0   ? fields_keep_their_promises(text)
                       : data[0] % 3 == 1 ? reply_keeps_its_promises(text)
                                          : address_keeps_its_promises(text);
  if (!is_kept) std::abort();
  return 0;
}
