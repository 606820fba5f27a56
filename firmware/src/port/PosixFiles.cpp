#include "PosixFiles.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

namespace camera {
namespace {

constexpr std::size_t kPathBytes = 320;

// A call that a signal broke off is made again; a bound, so that nothing can go on for ever.
constexpr int kTries = 100;

}  // namespace

FileResult PosixFiles::failed() {
  why_ = errno;
  switch (why_) {
    case ENOSPC:
#ifdef EDQUOT
    case EDQUOT:
#endif
      return FileResult::Full;
    case ENOENT:
      return FileResult::Missing;
    default:
      return FileResult::Failed;
  }
}

FileResult PosixFiles::make_folder(const char* path) {
  if (::mkdir(path, 0755) == 0) return sync_folder_of(path);
  const int why = errno;
  struct stat facts;
  if (::stat(path, &facts) == 0 && S_ISDIR(facts.st_mode)) return FileResult::Done;  // not all of VFS says EEXIST
  errno = why;
  return failed();
}

FileResult PosixFiles::remove_folder(const char* path) {
  if (::rmdir(path) == 0) return FileResult::Done;
  return failed();
}

FileResult PosixFiles::create(const char* path) {
  file_ = ::open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file_ < 0) return failed();
  return FileResult::Done;
}

FileResult PosixFiles::write(const std::uint8_t* bytes, std::size_t size_bytes) {
  int interrupted = 0;
  while (size_bytes > 0) {
    const ssize_t count = ::write(file_, bytes, size_bytes);
    if (count < 0) {
      if (errno == EINTR && ++interrupted < kTries) continue;
      return failed();
    }
    if (count == 0) return FileResult::Full;  // how FAT says it
    bytes += count;
    size_bytes -= static_cast<std::size_t>(count);
  }
  return FileResult::Done;
}

FileResult PosixFiles::sync() {
  if (::fsync(file_) == 0) return FileResult::Done;
  return failed();
}

FileResult PosixFiles::close() {
  const int file = file_;
  file_ = -1;
  if (::close(file) == 0) return FileResult::Done;
  return failed();
}

FileResult PosixFiles::rename(const char* from, const char* to) {
  if (::rename(from, to) == 0) return sync_folder_of(to);
  return failed();
}

FileResult PosixFiles::remove(const char* path) {
  if (::unlink(path) == 0) return sync_folder_of(path);
  return errno == ENOENT ? FileResult::Done : failed();
}

FileResult PosixFiles::read(const char* path, std::uint8_t* bytes, std::size_t room_bytes, std::size_t* size_bytes) {
  *size_bytes = 0;
  const int file = ::open(path, O_RDONLY);
  if (file < 0) return failed();
  FileResult result = FileResult::Done;
  int interrupted = 0;
  while (true) {
    std::uint8_t beyond;
    const bool is_full = *size_bytes == room_bytes;
    const ssize_t count = is_full ? ::read(file, &beyond, 1) : ::read(file, bytes + *size_bytes, room_bytes - *size_bytes);
    if (count < 0 && errno == EINTR && ++interrupted < kTries) continue;
    if (count < 0) result = failed();
    if (count > 0 && is_full) result = FileResult::Full;
    if (count <= 0 || is_full) break;
    *size_bytes += static_cast<std::size_t>(count);
  }
  if (::close(file) != 0 && result == FileResult::Done) result = failed();
  return result;
}

FileResult PosixFiles::list(const char* path, FolderVisitor& visitor) {
  DIR* folder = ::opendir(path);
  if (folder == nullptr) return failed();
  FileResult result = FileResult::Done;
  while (true) {
    errno = 0;
    const struct dirent* entry = ::readdir(folder);
    if (entry == nullptr) {
      if (errno != 0) result = failed();
      break;
    }
    if (::strcmp(entry->d_name, ".") == 0 || ::strcmp(entry->d_name, "..") == 0) continue;
    char whole[kPathBytes];
    const int length = ::snprintf(whole, sizeof whole, "%s/%s", path, entry->d_name);
    struct stat facts;
    if (length < 0 || static_cast<std::size_t>(length) >= sizeof whole) continue;  // none of ours is so long
    if (::stat(whole, &facts) != 0) {
      result = failed();
      break;
    }
    visitor.see(entry->d_name, S_ISDIR(facts.st_mode), static_cast<std::uint64_t>(facts.st_size));
  }
  if (::closedir(folder) != 0 && result == FileResult::Done) result = failed();
  return result;
}

FileResult PosixFiles::sync_folder_of(const char* path) {
#ifdef ESP_PLATFORM
  (void)path;  // FAT and LittleFS write their folders before the call returns, and cannot sync them
  return FileResult::Done;
#else
  char folder[kPathBytes];
  const char* slash = ::strrchr(path, '/');
  const std::size_t length = slash == nullptr ? 1 : slash == path ? 1 : static_cast<std::size_t>(slash - path);
  if (length >= sizeof folder) return FileResult::Failed;
  ::memcpy(folder, slash == nullptr ? "." : path, length);
  folder[length] = '\0';
  const int file = ::open(folder, O_RDONLY | O_DIRECTORY);
  if (file < 0) return failed();
  const bool is_synced = ::fsync(file) == 0;
  if (!is_synced) why_ = errno;
  ::close(file);
  return is_synced ? FileResult::Done : FileResult::Failed;
#endif
}

}  // namespace camera
