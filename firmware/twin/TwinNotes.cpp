#include "TwinNotes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

namespace camera {

TwinNotes::TwinNotes(const std::string& folder) : folder_(folder) { mkdir(folder.c_str(), 0700); }

bool TwinNotes::read(std::string_view name, Text& out) {
  const int file = open((folder_ + "/" + std::string(name)).c_str(), O_RDONLY);
  if (file < 0) return false;
  char bytes[kMaxNote];
  const ssize_t size = ::read(file, bytes, sizeof bytes);
  close(file);
  return size >= 0 && out.add(std::string_view(bytes, static_cast<std::size_t>(size))).is_whole();
}

bool TwinNotes::write(std::string_view name, std::string_view text) {
  const std::string path = folder_ + "/" + std::string(name), part = path + ".part";
  if (text.empty()) {
    unlink(path.c_str());
    return true;
  }
  const int file = open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0) return false;
  const bool is_written = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(file) == 0;
  return close(file) == 0 && is_written && rename(part.c_str(), path.c_str()) == 0;
}

}  // namespace camera
