// A file system in memory that can fail at its n-th call, or lose its power there.
//
// What a power cut leaves of bytes that were never synced is `unsynced`: nothing, the name with no bytes, half of them,
// all of them. Renames and removals are durable when they return, as `Files` promises.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/Files.h"

namespace camera {

enum class Unsynced { Gone, Empty, Half, Whole };

class FakeFiles final : public Files {
 public:
  struct File {
    std::vector<std::uint8_t> bytes;
    bool is_synced = false;
  };

  std::map<std::string, File> files;
  std::set<std::string> folders;
  std::uint64_t calls = 0;
  std::uint64_t fail_at = 0;               // this call answers `fail_with`, and nothing happens
  std::uint64_t fail_until = 0;            // and so do those up to this one
  FileResult fail_with = FileResult::Failed;
  std::uint64_t cut_at = 0;                // at this call the power goes
  bool cut_happens_after = false;          // the call still has its effect
  Unsynced unsynced = Unsynced::Gone;
  bool is_off = false;
  bool are_pictures_unreadable = false;
  std::uint64_t room_bytes = 1ULL << 40;

  void power_on() {
    is_off = false;
    cut_at = fail_at = fail_until = 0;
    open_.clear();
    for (auto file = files.begin(); file != files.end();) {
      auto& [name, content] = *file;
      if (content.is_synced || unsynced == Unsynced::Whole) {
        content.is_synced = true;
        ++file;
        continue;
      }
      if (unsynced == Unsynced::Gone) {
        file = files.erase(file);
        continue;
      }
      content.bytes.resize(unsynced == Unsynced::Half ? content.bytes.size() / 2 : 0);
      content.is_synced = true;
      ++file;
    }
  }

  std::uint64_t used() const {
    std::uint64_t sum = 0;
    for (const auto& [name, file] : files) sum += file.bytes.size();
    return sum;
  }

  FileResult make_folder(const char* path) override {
    return act([&] { folders.insert(path); });
  }

  FileResult remove_folder(const char* path) override {
    const std::string inside = std::string(path) + "/";
    for (const auto& [name, file] : files)
      if (name.compare(0, inside.size(), inside) == 0) return FileResult::Failed;
    return act([&] { folders.erase(path); });
  }

  FileResult create(const char* path) override {
    return act([&] {
      files[path] = File{};
      open_ = path;
    });
  }

  FileResult write(const std::uint8_t* bytes, std::size_t size_bytes) override {
    if (used() + size_bytes > room_bytes) return FileResult::Full;
    auto& content = files.at(open_).bytes;
    if (calls + 1 == cut_at) content.insert(content.end(), bytes, bytes + size_bytes / 2);
    return act([&] { content.insert(content.end(), bytes, bytes + size_bytes); });
  }

  FileResult sync() override {
    return act([&] { files.at(open_).is_synced = true; });
  }

  FileResult close() override {
    return act([&] { open_.clear(); });
  }

  FileResult rename(const char* from, const char* to) override {
    if (files.count(from) == 0) return is_off ? FileResult::Failed : FileResult::Missing;
    if (files.count(to) != 0) return FileResult::Failed;  // FAT cannot replace
    return act([&] {
      files[to] = files.at(from);
      files.erase(from);
    });
  }

  FileResult remove(const char* path) override {
    return act([&] { files.erase(path); });
  }

  FileResult read(const char* path, std::uint8_t* bytes, std::size_t room, std::size_t* size_bytes) override {
    FileResult result = act([] {});
    if (result != FileResult::Done) return result;
    const auto file = files.find(path);
    if (file == files.end()) return FileResult::Missing;
    if (are_pictures_unreadable && file->first.find(".jpg") != std::string::npos) return FileResult::Failed;
    *size_bytes = file->second.bytes.size();
    if (*size_bytes > room) return FileResult::Full;
    std::copy(file->second.bytes.begin(), file->second.bytes.end(), bytes);
    return FileResult::Done;
  }

  FileResult list(const char* path, FolderVisitor& visitor) override {
    const FileResult result = act([] {});
    if (result != FileResult::Done) return result;
    const std::string inside = std::string(path) + "/";
    const auto is_direct = [&inside](const std::string& name) {
      return name.compare(0, inside.size(), inside) == 0 && name.find('/', inside.size()) == std::string::npos;
    };
    // Backwards: no file system promises an order.
    for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder)
      if (is_direct(*folder)) visitor.see(folder->substr(inside.size()).c_str(), true, 0);
    for (auto file = files.rbegin(); file != files.rend(); ++file)
      if (is_direct(file->first)) visitor.see(file->first.substr(inside.size()).c_str(), false, file->second.bytes.size());
    return FileResult::Done;
  }

 private:
  template <typename Effect>
  FileResult act(Effect effect) {
    if (is_off) return FileResult::Failed;
    ++calls;
    if (calls == cut_at) {
      is_off = true;
      if (cut_happens_after) effect();
      return FileResult::Failed;
    }
    if (fail_at != 0 && calls >= fail_at && calls <= std::max(fail_at, fail_until)) return fail_with;
    effect();
    return FileResult::Done;
  }

  std::string open_;
};

}  // namespace camera
