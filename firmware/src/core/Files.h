// The port to a file system: paths and handles, every result a value. What is done is durable when it returns `Done`.
#pragma once

#include <cstddef>
#include <cstdint>

namespace camera {

enum class FileResult : uint8_t {
  Done,
  Full,  // no room: giving something up can help; of `read`: no room in the buffer
  Missing,  // there is no such file
  Failed,  // it will not: the card is gone, broken or unmounted
};

// Told of each entry of a folder. The name lives only during the call.
class FolderVisitor {
 public:
  virtual void see(const char* name, bool is_folder, uint64_t size_bytes) = 0;

 protected:
  ~FolderVisitor() = default;
};

class Files {
 public:
  // One that is there already is fine.
  virtual FileResult make_folder(const char* path) = 0;
  virtual FileResult remove_folder(const char* path) = 0;  // an empty one

  // A new file, or an old one emptied, open for writing; one at a time.
  virtual FileResult create(const char* path) = 0;
  virtual FileResult write(const uint8_t* bytes, size_t size_bytes) = 0;  // all of them, or not Done
  virtual FileResult sync() = 0;  // the bytes written survive a power cut
  virtual FileResult close() = 0;  // needed after every `create` that was Done, whatever failed since

  // The name survives a power cut when this returns. `to` must not exist: FAT cannot replace.
  virtual FileResult rename(const char* from, const char* to) = 0;
  virtual FileResult remove(const char* path) = 0;  // one that is not there is fine

  // All of a file; how much that was in `*size_bytes`.
  virtual FileResult read(const char* path, uint8_t* bytes, size_t room_bytes, size_t* size_bytes) = 0;
  virtual FileResult list(const char* path, FolderVisitor& visitor) = 0;  // nothing may be changed meanwhile

 protected:
  ~Files() = default;
};

}  // namespace camera
