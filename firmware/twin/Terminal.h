// A pseudo-terminal that stands for the camera's serial port: what is said into it reaches the camera.
#pragma once

#include <string>
#include <string_view>

namespace camera {

class Terminal {
 public:
  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// Where the other end is, such as `/dev/pts/7`; empty: there is none.
  const std::string& name() const { return name_; }

  /// The next letter that was typed. False: none yet.
  bool read(char* letter);

  /// Without waiting: what nobody reads is lost, as with a serial port.
  void write(std::string_view text);

 private:
  int ours_ = -1;
  int theirs_ = -1;  // held open, so that the port stays when whoever used it leaves
  std::string name_;
};

}  // namespace camera
