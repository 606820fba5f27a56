#include "EspNotes.h"

#include <cstring>

namespace camera {
namespace {

// A key of NVS: 15 letters and a NUL.
struct Key {
  explicit Key(std::string_view name) {
    is_whole = name.size() < sizeof(text);
    const std::size_t size = is_whole ? name.size() : 0;
    std::memcpy(text, name.data(), size);
    text[size] = '\0';
  }

  char text[16];
  bool is_whole;
};

}  // namespace

bool EspNotes::read(std::string_view name, Text& out) {
  const Key key(name);
  const EspMutex::Hold hold(one_at_a_time_);
  if (!key.is_whole || !preferences_.isKey(key.text)) return false;
  const std::size_t size = preferences_.getBytesLength(key.text);
  if (size == 0 || size > sizeof(buffer_) || preferences_.getBytes(key.text, buffer_, sizeof(buffer_)) != size) {
    return false;
  }
  return out.add({buffer_, size}).is_whole();
}

bool EspNotes::write(std::string_view name, std::string_view text) {
  const Key key(name);
  const EspMutex::Hold hold(one_at_a_time_);
  if (!key.is_whole || text.size() > kMaxNote) return false;
  if (text.empty()) return !preferences_.isKey(key.text) || preferences_.remove(key.text);
  return preferences_.putBytes(key.text, text.data(), text.size()) == text.size();
}

}  // namespace camera
