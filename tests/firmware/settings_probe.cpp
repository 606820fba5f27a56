// Takes settings as the archive writes them: each line of input is a `Camera-Settings` in hex, read out of an answer's
// head as the camera reads it. The answer is the settings then in force, or `refused` and the camera's sentence.
#include <cstdint>
#include <cstdio>
#include <string>

#include "core/Fields.h"
#include "core/Reply.h"
#include "core/Settings.h"

int main() {
  static char line[65536];
  while (std::fgets(line, sizeof line, stdin) != nullptr) {
    std::string head = "HTTP/1.1 201 Created\r\nCamera-Settings: ";
    const char* hex = line;
    for (unsigned byte = 0; std::sscanf(hex, "%2x", &byte) == 1; hex += 2) head += static_cast<char>(byte);
    head += "\r\n\r\n";
    camera::Reply reply;
    for (const char letter : head) reply.take(static_cast<std::uint8_t>(letter));
    camera::Settings settings;
    const std::string_view fault =
        reply.settings().empty() ? "the head has no settings" : settings.read(camera::Fields(reply.settings()));
    camera::FixedText<1024> text;
    if (fault.empty() && settings.write(text)) {
      std::printf("%.*s\n", static_cast<int>(text.size()), text.view().data());
    } else {
      std::printf("refused %.*s\n", static_cast<int>(fault.size()), fault.data());
    }
  }
  return 0;
}
