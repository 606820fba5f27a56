#include "TwinFiles.h"

#include <csignal>
#include <unistd.h>

namespace camera {

void TwinFiles::count() {
  if (++calls_ == power_cut_at_) kill(getpid(), SIGKILL);
}

FileResult TwinFiles::make_folder(const char* path) { return count(), files_.make_folder(path); }
FileResult TwinFiles::remove_folder(const char* path) { return count(), files_.remove_folder(path); }
FileResult TwinFiles::create(const char* path) { return count(), files_.create(path); }
FileResult TwinFiles::sync() { return count(), files_.sync(); }
FileResult TwinFiles::close() { return count(), files_.close(); }
FileResult TwinFiles::rename(const char* from, const char* to) { return count(), files_.rename(from, to); }
FileResult TwinFiles::remove(const char* path) { return count(), files_.remove(path); }

FileResult TwinFiles::write(const std::uint8_t* bytes, std::size_t size_bytes) {
  if (calls_ + 1 == power_cut_at_) files_.write(bytes, size_bytes / 2);
  count();
  return files_.write(bytes, size_bytes);
}

FileResult TwinFiles::read(const char* path, std::uint8_t* bytes, std::size_t room_bytes, std::size_t* size_bytes) {
  return count(), files_.read(path, bytes, room_bytes, size_bytes);
}

FileResult TwinFiles::list(const char* path, FolderVisitor& visitor) { return count(), files_.list(path, visitor); }

}  // namespace camera
