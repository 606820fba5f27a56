#include "TwinMachine.h"

#include <sys/random.h>
#include <unistd.h>

#include "../src/core/Text.h"

namespace camera {

std::uint32_t TwinRandom::next_u32() {
  std::uint32_t number = 0;
  for (int tries = 0; tries < 100; ++tries)
    if (getrandom(&number, sizeof number, 0) == static_cast<ssize_t>(sizeof number)) break;
  return number;
}

void TwinLog::line(LogLevel level, std::string_view text) {
  if (level < least_) return;
  constexpr char kLetters[] = {'D', 'I', 'W', 'E'};
  FixedText<256> line;
  line.add(kLetters[static_cast<unsigned>(level)]).add(' ').add(text.substr(0, 250)).add('\n');
  const std::string_view whole = line.view();
  if (::write(STDOUT_FILENO, whole.data(), whole.size()) < 0) return;  // nobody listens: a camera does not mind
  if (level != LogLevel::Debug) terminal_.write(whole);
}

}  // namespace camera
