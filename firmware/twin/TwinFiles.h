// POSIX files with a power switch: at the n-th call the machine is gone, as a process can be that is killed.
#pragma once

#include "../src/port/PosixFiles.h"

namespace camera {

class TwinFiles final : public Files {
 public:
  /// 0: never. A write that is cut leaves half of its bytes.
  explicit TwinFiles(std::uint64_t power_cut_at) : power_cut_at_(power_cut_at) {}

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

 private:
  void count();

  PosixFiles files_;
  std::uint64_t power_cut_at_;
  std::uint64_t calls_ = 0;
};

}  // namespace camera
