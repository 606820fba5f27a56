// Files by POSIX calls: the same on Linux and on the ESP32's VFS (SD over FAT, LittleFS).
#pragma once

#include "../core/Files.h"

namespace camera {

class PosixFiles final : public Files {
 public:
  FileResult make_folder(const char* path) override;
  FileResult remove_folder(const char* path) override;
  FileResult create(const char* path) override;
  FileResult write(const std::uint8_t* bytes, std::size_t size_bytes) override;
  FileResult sync() override;
  FileResult close() override;
  FileResult rename(const char* from, const char* to) override;
  FileResult remove(const char* path) override;
  FileResult read(const char* path, std::uint8_t* bytes, std::size_t room_bytes, std::size_t* size_bytes) override;
  FileResult list(const char* path, FolderVisitor& visitor) override;

  /// `errno` of the last call that failed.
  int why() const { return why_; }

 private:
  FileResult failed();
  FileResult sync_folder_of(const char* path);

  int file_ = -1;
  int why_ = 0;
};

}  // namespace camera
