#include "Terminal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

namespace camera {

Terminal::Terminal() {
  ours_ = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
  if (ours_ < 0 || grantpt(ours_) != 0 || unlockpt(ours_) != 0) return;
  char name[64];
  if (ptsname_r(ours_, name, sizeof name) != 0) return;
  theirs_ = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK);
  termios raw{};
  if (theirs_ < 0 || tcgetattr(theirs_, &raw) != 0) return;
  cfmakeraw(&raw);  // no echo: what is typed may be a password
  if (tcsetattr(theirs_, TCSANOW, &raw) == 0) name_ = name;
}

Terminal::~Terminal() {
  if (theirs_ >= 0) close(theirs_);
  if (ours_ >= 0) close(ours_);
}

bool Terminal::read(char* letter) { return ours_ >= 0 && ::read(ours_, letter, 1) == 1; }

void Terminal::write(std::string_view text) {
  if (ours_ >= 0 && ::write(ours_, text.data(), text.size()) < 0) return;
}

}  // namespace camera
