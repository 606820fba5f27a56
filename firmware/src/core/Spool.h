// Frames on a card or in flash until the archive has kept them.
//
// The rules of this file:
// * A frame is there when its file bears its last name: written as `.part`, synced, closed, renamed. FAT is no file
//   system to trust with less, and cannot replace, so every name is new.
// * All that is known of a frame but its bytes stands in the name, `<boot>-<number>-<up>-<taken>.jpg`, and nowhere else:
//   the list is rebuilt from the folders alone, the file is the picture and nothing but the picture, and rename makes
//   all of it true at one stroke. (A trailer would have to be read from each file at a start, and could be torn.)
// * Folders are numbered in the order of their making, hold frames of one boot, and at most 256: FAT searches linearly.
//   So the order of taking needs no clock.
// * What is given up is in `Losses`, durably, before its file is touched.
// * What the archive refused, or cannot be read, goes to `refused/`, is confessed, and stays while there is room.
// * What is larger than the reading buffer is left alone: without PSRAM there is hardly any buffer, and the next start
//   may have it all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "Files.h"
#include "Frame.h"
#include "Losses.h"
#include "Path.h"

namespace camera {

/// What gives way when the spool is full.
enum class WhenFull : std::uint8_t {
  Thin,    // among the older half, the frame whose neighbours are nearest to each other in time
  Oldest,  // the oldest
  Newest,  // the frame that would be stored
};

/// A frame in the spool.
struct Spooled {
  FrameName name;
  std::uint64_t up_ms = 0;
  std::uint64_t taken_ms = 0;  // 0: the clock was not set
  std::uint32_t size_bytes = 0;
  std::uint32_t folder = 0;
};

enum class StoreResult : std::uint8_t {
  Stored,
  GivenUp,  // it, and not another, gave way; `Losses` has it
  NoRoom,   // and nothing may be given up just now: hold it
  Failed,   // the card does not work: hold it
};

class Spool final : public FrameOwner {
 public:
  struct Limits {
    std::uint64_t max_bytes = 0;
    std::uint32_t max_frames = 0;  // at most the memory's
    std::uint32_t max_refused = 32;
  };

  static constexpr std::uint32_t kFramesPerFolder = 256;

  /// `memory` holds the list, `max_frames` long; `buffer` the frame that is being read.
  Spool(Files& files, Losses& losses, std::string_view folder, Spooled* memory, Room buffer, Limits limits);

  /// Sweeps what power cuts left, and lists what is there. False: no card, or one that does not work, or no buffer to
  /// read frames back into; then nothing is stored, and trying again is harmless.
  bool open();
  bool is_open() const { return is_open_; }

  /// Stores a frame. Names must rise within a boot.
  StoreResult store(const FrameName& name, std::uint64_t up_ms, std::optional<std::uint64_t> taken_ms, Bytes bytes);

  /// Oldest first.
  std::size_t size() const { return count_; }
  const Spooled& at(std::size_t i) const { return frames_[i]; }
  std::uint64_t size_bytes() const { return bytes_; }
  bool is_full() const;
  std::uint32_t oversized() const { return oversized_; }  // files that this start cannot read, and leaves alone

  /// Reads a frame; it stays in the spool. One at a time. No frame: it cannot be read just now; leave the card alone for
  /// a while. At the third time in a row (unless the card as a whole has failed) it is set aside as `Damaged`.
  Frame load(const FrameName& name);

  /// The archive has kept it. False: the file could not be removed; the frame stays in the list.
  bool remove(const FrameName& name);

  /// The archive will not have it. False as with `remove`.
  bool refuse(const FrameName& name);
  /// The same for a frame that is not in the spool.
  bool refuse(const Frame& frame);

  void set_when_full(WhenFull when_full) { when_full_ = when_full; }

  /// The frame being sent does not give way.
  void pin(std::optional<FrameName> name) { pinned_ = name; }

  /// For the frame that is being read.
  void give_back(const std::uint8_t* data) override;

 private:
  class Lister;

  bool list();
  bool list_folder(std::uint32_t folder, Lister& lister);
  bool has_room_for(std::size_t size_bytes) const;
  bool give_up(std::size_t i, LossReason reason);
  bool set_aside(std::size_t i, LossReason reason);
  std::optional<std::size_t> victim() const;
  bool may_give_up(const FrameName& name) const;
  std::optional<std::size_t> find(const FrameName& name) const;
  bool is_lost(const FrameName& name) const;
  void forget(std::size_t i);
  FileResult take_folder(std::uint64_t boot);
  FileResult write(Path part, Path whole, Bytes bytes);
  bool purge_refused();
  void make_room_for_refused();
  Path folder_of(std::uint32_t folder) const;
  Path path_of(const Spooled& frame) const;
  Path refused_path_of(const Spooled& frame) const;
  static Path named(Path folder, const Spooled& frame);

  Files& files_;
  Losses& losses_;
  std::string_view folder_;
  Spooled* frames_;
  Room buffer_;
  Limits limits_;
  WhenFull when_full_ = WhenFull::Thin;
  std::optional<FrameName> pinned_;
  std::size_t count_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint32_t unlisted_ = 0;  // files beyond the memory, listed when there is room again
  std::uint32_t oversized_ = 0;
  std::uint32_t refused_ = 0;
  std::uint32_t current_folder_ = 0;  // where the next frame goes; 0: a new one is needed
  std::uint32_t current_frames_ = 0;
  std::uint64_t current_boot_ = 0;
  std::uint32_t last_folder_ = 0;
  FrameName bad_name_;
  int bad_reads_ = 0;  // in a row, of that frame
  bool is_lent_ = false;
  bool is_open_ = false;
};

}  // namespace camera
