// A path in a fixed buffer, ended by NUL as the calls of POSIX want it.
#pragma once

#include <cstdint>
#include <string_view>

#include "Text.h"

namespace camera {

class Path {
 public:
  explicit Path(std::string_view folder) { text_.add(folder); }

  Path& slash(std::string_view name) {
    text_.add('/').add(name);
    return *this;
  }
  Path& add(std::string_view text) {
    text_.add(text);
    return *this;
  }
  Path& number(std::uint64_t number) {
    text_.add_number(number);
    return *this;
  }
  Path& hex(std::uint64_t number) {
    text_.add_hex(number);
    return *this;
  }

  /// What did not fit is left out: then no file has this name, and the call that gets it fails.
  const char* c_str() {
    const std::size_t size = text_.size();
    text_.add('\0');
    text_.cut(size);
    return text_.view().data();
  }

 private:
  FixedText<192> text_;
};

}  // namespace camera
