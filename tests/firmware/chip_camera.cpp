// The whole sketch on a chip that is not there, for test_sketch.py: setup() once, loop() again and again, in real time.
//
// Words: a JPEG file, a file of notes (`name text` a line), what is typed on USB ("" for nothing), frames to be kept.
// Ends with 0 when so many were kept, 42 when it falls asleep, 75 when it restarts, 1 when nothing more comes of it.
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "../../firmware/firmware.ino"
#include "chip.h"

namespace {

constexpr auto kPatience = std::chrono::seconds(30);

int count_of(const std::string& text, const std::string& part) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

int main(int count, char** words) {
  if (count != 5) return 2;
  std::ifstream picture(words[1], std::ios::binary);
  chip.picture.assign(std::istreambuf_iterator<char>(picture), std::istreambuf_iterator<char>());
  std::ifstream notes(words[2]);
  for (std::string line; std::getline(notes, line);) {
    const std::size_t space = line.find(' ');
    chip.notes[line.substr(0, space)] = line.substr(space + 1);
  }
  chip.typed = words[3];
  chip.flash_works = false;  // there is no /spool on a desktop: frames go from memory
  chip.is_live = true;
  setup();
  const auto until = std::chrono::steady_clock::now() + kPatience;
  const std::string kept = "\nD kept ";
  while (std::chrono::steady_clock::now() < until) {
    loop();
    const std::string serial = heard_on_usb();
    if (count_of(serial, kept) >= std::atoi(words[4])) {
      std::printf("%sproven %d\n", serial.c_str(), chip.told["proven"]);
      std::fflush(stdout);
      _exit(0);  // the taking task goes on for ever
    }
  }
  std::printf("%s", heard_on_usb().c_str());
  std::fflush(stdout);
  _exit(1);
}
