#include "Spool.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace camera {
namespace {

constexpr std::uint64_t kBlockBytes = 4096;  // what a file takes at least, of LittleFS and of most cards
constexpr std::size_t kBatch = 16;           // names remembered while a folder is listed
constexpr std::size_t kReserve = 4;          // ranges left for what must be written down, whatever the policy
constexpr int kMostVictims = 64;             // for one frame: a bound, far above what sizes of one camera need
constexpr int kReadTries = 3;
constexpr std::size_t kFolderDigits = 8;

std::uint64_t on_disk(std::uint64_t size_bytes) { return (size_bytes / kBlockBytes + 2) * kBlockBytes; }

bool take_number(std::string_view& text, char end, std::uint64_t* number) {
  std::size_t i = 0;
  *number = 0;
  for (; i < text.size() && i < 16 && text[i] >= '0' && text[i] <= '9'; ++i)
    *number = *number * 10 + static_cast<std::uint64_t>(text[i] - '0');
  if (i == 0 || *number > kMaxNumber || i == text.size() || text[i] != end) return false;
  text.remove_prefix(i + 1);
  return true;
}

bool take_boot(std::string_view& text, std::uint64_t* boot) {
  if (text.size() <= kBootDigits || text[kBootDigits] != '-') return false;
  *boot = 0;
  for (std::size_t i = 0; i < kBootDigits; ++i) {
    const char c = text[i];
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) return false;
    *boot = *boot << 4 | static_cast<std::uint64_t>(digit);
  }
  text.remove_prefix(kBootDigits + 1);
  return true;
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

/// `<boot>-<number>-<up>-<taken>.jpg`
bool parse_whole(std::string_view name, Spooled* frame) {
  return take_boot(name, &frame->name.boot) && take_number(name, '-', &frame->name.number) &&
         take_number(name, '-', &frame->up_ms) && take_number(name, '.', &frame->taken_ms) && name == "jpg";
}

/// `<boot>-<number>.part`
bool parse_part(std::string_view name, FrameName* frame) {
  return take_boot(name, &frame->boot) && take_number(name, '.', &frame->number) && name == "part";
}

bool parse_folder(std::string_view name, std::uint32_t* folder) {
  if (name.size() != kFolderDigits) return false;
  *folder = 0;
  for (const char c : name) {
    if (c < '0' || c > '9') return false;
    *folder = *folder * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return *folder > 0;
}

}  // namespace

/// What one listing of a folder finds.
class Spool::Lister final : public FolderVisitor {
 public:
  explicit Lister(Spool& spool) : spool_(spool) {}

  void see(const char* name, bool is_folder, std::uint64_t size_bytes) override {
    switch (mode) {
      case Mode::Folders:
        see_folder(name, is_folder);
        break;
      case Mode::Frames:
        if (!is_folder) see_frame(name, size_bytes);
        break;
      case Mode::Refused:
        if (!is_folder) remember(name, FrameName{}, false);
        break;
    }
  }

  enum class Mode : std::uint8_t { Folders, Frames, Refused };
  struct Rubbish {
    FixedText<80> file;
    FrameName name;
    bool has_name = false;
  };

  Mode mode = Mode::Folders;
  std::uint32_t after = 0;  // folders up to this one have been seen
  std::uint32_t folder = 0;
  std::uint32_t folders[kBatch] = {};  // the lowest above `after`, rising
  std::size_t folder_count = 0;
  Rubbish rubbish[kBatch];
  std::size_t rubbish_count = 0;
  std::uint32_t seen = 0;
  bool adds = true;  // frames to the list; false while only rubbish is looked for

 private:
  void see_folder(const char* name, bool is_folder) {
    std::uint32_t found = 0;
    if (!is_folder || !parse_folder(name, &found)) return;
    spool_.last_folder_ = std::max(spool_.last_folder_, found);
    if (found <= after) return;
    std::size_t place = folder_count;
    while (place > 0 && folders[place - 1] > found) --place;
    if (place == kBatch) return;
    const std::size_t moved = std::min(folder_count, kBatch - 1) - place;
    std::memmove(folders + place + 1, folders + place, moved * sizeof folders[0]);
    folders[place] = found;
    folder_count = std::min(folder_count + 1, kBatch);
  }

  void see_frame(const char* name, std::uint64_t size_bytes) {
    ++seen;
    Spooled frame;
    FrameName part;
    if (parse_whole(name, &frame)) {
      frame.folder = folder;
      frame.size_bytes = static_cast<std::uint32_t>(size_bytes);
      // Given up before the power went, and only its file was left. Empty: the card lied about `sync`.
      if (size_bytes == 0 || spool_.is_lost(frame.name)) {
        remember(name, frame.name, true);
      } else if (adds) {
        spool_.losses_.clear(frame.name);  // what is here did not go with the power, listed or not
        add(frame);
      }
    } else if (parse_part(name, &part)) {
      remember(name, part, true);
    } else if (ends_with(name, ".part")) {
      remember(name, FrameName{}, false);
    }
  }

  void add(const Spooled& frame) {
    if (frame.size_bytes > spool_.buffer_.size) {
      ++spool_.oversized_;
      return;
    }
    if (spool_.count_ == spool_.limits_.max_frames) {
      ++spool_.unlisted_;
      return;
    }
    spool_.frames_[spool_.count_++] = frame;
    spool_.bytes_ += on_disk(frame.size_bytes);
  }

  void remember(std::string_view file, const FrameName& name, bool has_name) {
    if (mode == Mode::Refused) ++seen;
    if (rubbish_count == kBatch) return;
    Rubbish& one = rubbish[rubbish_count++];
    one.file.clear();
    one.file.add(file);
    one.name = name;
    one.has_name = has_name;
  }

  Spool& spool_;
};

Spool::Spool(Files& files, Losses& losses, std::string_view folder, Spooled* memory, Room buffer, Limits limits)
    : files_(files), losses_(losses), folder_(folder), frames_(memory), buffer_(buffer), limits_(limits) {}

bool Spool::open() {
  is_open_ = false;
  if (buffer_.size == 0) return false;
  if (files_.make_folder(Path(folder_).c_str()) != FileResult::Done) return false;
  if (files_.make_folder(Path(folder_).slash("refused").c_str()) != FileResult::Done) return false;
  if (!losses_.open() || !list()) return false;

  // What was in memory alone when the power went, went with it.
  for (std::size_t i = 0; i < losses_.size();) {
    const Loss loss = losses_.at(i);
    if (loss.reason != LossReason::AtRisk) {
      ++i;
      continue;
    }
    losses_.mark(loss.boot, loss.from, loss.to, LossReason::PowerCut);
    i = 0;  // merging moved the others
  }
  is_open_ = losses_.commit();
  return is_open_;
}

bool Spool::list() {
  count_ = 0;
  bytes_ = 0;
  unlisted_ = 0;
  oversized_ = 0;
  last_folder_ = current_folder_ = 0;
  Lister lister(*this);
  while (true) {
    lister.mode = Lister::Mode::Folders;
    lister.folder_count = 0;
    if (files_.list(Path(folder_).c_str(), lister) != FileResult::Done) return false;
    if (lister.folder_count == 0) break;
    for (std::size_t i = 0; i < lister.folder_count; ++i)
      if (!list_folder(lister.folders[i], lister)) return false;
    lister.after = lister.folders[lister.folder_count - 1];
  }
  lister.mode = Lister::Mode::Refused;
  lister.seen = 0;
  lister.rubbish_count = 0;
  if (files_.list(Path(folder_).slash("refused").c_str(), lister) != FileResult::Done) return false;
  refused_ = lister.seen;
  std::sort(frames_, frames_ + count_, [](const Spooled& one, const Spooled& other) {
    return one.folder != other.folder ? one.folder < other.folder : one.name.number < other.name.number;
  });
  if (count_ > 0 && frames_[count_ - 1].folder == last_folder_) {
    current_folder_ = last_folder_;
    current_boot_ = frames_[count_ - 1].name.boot;
  }
  return true;
}

bool Spool::list_folder(std::uint32_t folder, Lister& lister) {
  lister.mode = Lister::Mode::Frames;
  lister.folder = folder;
  lister.adds = true;
  const std::size_t first = count_;
  const std::uint32_t unlisted = unlisted_;
  while (true) {
    lister.rubbish_count = 0;
    lister.seen = 0;
    if (files_.list(folder_of(folder).c_str(), lister) != FileResult::Done) return false;
    lister.adds = false;
    if (lister.rubbish_count == 0) break;
    for (std::size_t i = 0; i < lister.rubbish_count; ++i) {
      const Lister::Rubbish& one = lister.rubbish[i];
      if (!one.has_name || is_lost(one.name)) continue;
      const auto is_it = [&one](const Spooled& frame) { return frame.name == one.name; };
      if (std::any_of(frames_ + first, frames_ + count_, is_it)) continue;  // stored at the second attempt
      const bool is_part = ends_with(one.file.view(), ".part");
      losses_.mark(one.name, is_part ? LossReason::PowerCut : LossReason::Damaged);
    }
    if (!losses_.commit()) return false;
    for (std::size_t i = 0; i < lister.rubbish_count; ++i)
      if (files_.remove(folder_of(folder).slash(lister.rubbish[i].file.view()).c_str()) != FileResult::Done) return false;
  }
  current_frames_ = lister.seen;  // of the last folder in the end, which is where the next frame may go
  if (lister.seen == 0 && count_ == first && unlisted_ == unlisted) files_.remove_folder(folder_of(folder).c_str());
  return true;
}

StoreResult Spool::store(const FrameName& name, std::uint64_t up_ms, std::optional<std::uint64_t> taken_ms,
                         Bytes bytes) {
  if (!is_open_) return StoreResult::Failed;
  const bool is_hopeless = on_disk(bytes.size) > limits_.max_bytes || bytes.size > buffer_.size;
  for (int tries = 0; tries < kMostVictims; ++tries) {
    FileResult result = FileResult::Full;
    Spooled frame{name, up_ms, taken_ms.value_or(0), static_cast<std::uint32_t>(bytes.size), 0};
    if (!is_hopeless && has_room_for(bytes.size)) {
      result = take_folder(name.boot);
      if (result == FileResult::Done) {
        frame.folder = current_folder_;
        Path part = folder_of(frame.folder).slash("").hex(name.boot).add("-").number(name.number).add(".part");
        result = write(part, path_of(frame), bytes);
      }
    }
    if (result == FileResult::Done) {
      frames_[count_++] = frame;
      bytes_ += on_disk(bytes.size);
      ++current_frames_;
      losses_.clear(name);  // no more at risk; made durable before the frame can be removed
      return StoreResult::Stored;
    }
    if (result != FileResult::Full) return StoreResult::Failed;
    if (!is_hopeless && purge_refused()) continue;
    const std::optional<std::size_t> other =
        is_hopeless || when_full_ == WhenFull::Newest ? std::nullopt : victim();
    if (other) {
      if (!give_up(*other, LossReason::SpoolFull)) return StoreResult::NoRoom;
      continue;
    }
    if (!may_give_up(name)) return StoreResult::NoRoom;
    losses_.mark(name, LossReason::SpoolFull);
    return losses_.commit() ? StoreResult::GivenUp : StoreResult::NoRoom;
  }
  return StoreResult::NoRoom;
}

bool Spool::is_full() const { return !has_room_for(buffer_.size / 4); }

Frame Spool::load(const FrameName& name) {
  const std::optional<std::size_t> i = find(name);
  if (!i || is_lent_) return Frame();
  const Spooled& spooled = frames_[*i];
  std::size_t size_bytes = 0;
  const FileResult result = files_.read(path_of(spooled).c_str(), buffer_.data, buffer_.size, &size_bytes);
  if (result != FileResult::Done || size_bytes != spooled.size_bytes) {
    bad_reads_ = bad_name_ == name ? bad_reads_ + 1 : 1;
    bad_name_ = name;
    // One bad file is set aside; that its loss can be written down shows that the card as a whole still works.
    if (bad_reads_ >= kReadTries) {
      bad_reads_ = 0;
      set_aside(*i, LossReason::Damaged);
    }
    return Frame();
  }
  bad_reads_ = 0;
  is_lent_ = true;
  Frame frame(*this, Bytes{buffer_.data, size_bytes});
  frame.name = name;
  frame.up_ms = spooled.up_ms;
  if (spooled.taken_ms != 0) frame.taken_ms = spooled.taken_ms;
  return frame;
}

bool Spool::remove(const FrameName& name) {
  const std::optional<std::size_t> i = find(name);
  if (!i) return true;
  losses_.commit();  // else what was written down as at risk would be confessed although it is kept
  if (files_.remove(path_of(frames_[*i]).c_str()) != FileResult::Done) return false;
  forget(*i);
  return true;
}

bool Spool::refuse(const FrameName& name) {
  const std::optional<std::size_t> i = find(name);
  return !i || set_aside(*i, LossReason::Refused);
}

bool Spool::refuse(const Frame& frame) {
  losses_.mark(frame.name, LossReason::Refused);
  if (!losses_.commit()) return false;
  if (!is_open_) return true;
  make_room_for_refused();
  const Spooled facts{frame.name, frame.up_ms, frame.taken_ms.value_or(0), 0, 0};
  const Path part = Path(folder_).slash("refused").slash("refused.part");
  if (write(part, refused_path_of(facts), frame.bytes()) == FileResult::Done) ++refused_;
  return true;
}

void Spool::give_back(const std::uint8_t*) { is_lent_ = false; }

bool Spool::has_room_for(std::size_t size_bytes) const {
  return count_ < limits_.max_frames && bytes_ + on_disk(size_bytes) <= limits_.max_bytes;
}

bool Spool::give_up(std::size_t i, LossReason reason) {
  losses_.mark(frames_[i].name, reason);
  if (!losses_.commit()) return false;
  files_.remove(path_of(frames_[i]).c_str());  // if it stays, the next start removes it
  forget(i);
  return true;
}

/// Confesses a frame and moves its file to where a person may find it.
bool Spool::set_aside(std::size_t i, LossReason reason) {
  const Spooled& frame = frames_[i];
  losses_.mark(frame.name, reason);
  if (!losses_.commit()) return false;
  make_room_for_refused();
  if (files_.rename(path_of(frame).c_str(), refused_path_of(frame).c_str()) == FileResult::Done) {
    ++refused_;
  } else {
    files_.remove(path_of(frame).c_str());
  }
  forget(i);
  return true;
}

std::optional<std::size_t> Spool::victim() const {
  std::optional<std::size_t> best;
  std::uint64_t best_gap_ms = std::numeric_limits<std::uint64_t>::max();
  const std::size_t end = when_full_ == WhenFull::Thin ? std::max<std::size_t>(count_ / 2, 1) : count_;
  for (std::size_t i = 0; i < end && i < count_; ++i) {
    if (!may_give_up(frames_[i].name)) continue;
    std::uint64_t gap_ms = std::numeric_limits<std::uint64_t>::max();
    // The first and last frame of each boot stay longest: what lies beyond them cannot be measured.
    if (i > 0 && i + 1 < count_ && frames_[i - 1].name.boot == frames_[i + 1].name.boot)
      gap_ms = frames_[i + 1].up_ms - frames_[i - 1].up_ms;
    if (best && gap_ms >= best_gap_ms) continue;
    best = i;
    best_gap_ms = gap_ms;
    if (when_full_ == WhenFull::Oldest) break;
  }
  return best;
}

bool Spool::may_give_up(const FrameName& name) const {
  if (pinned_ && *pinned_ == name) return false;
  return losses_.room() > kReserve || losses_.would_merge(name, LossReason::SpoolFull);
}

std::optional<std::size_t> Spool::find(const FrameName& name) const {
  for (std::size_t i = 0; i < count_; ++i)
    if (frames_[i].name == name) return i;
  return std::nullopt;
}

bool Spool::is_lost(const FrameName& name) const {
  LossReason reason = LossReason::AtRisk;
  return losses_.holds(name, &reason) && reason != LossReason::AtRisk;
}

void Spool::forget(std::size_t i) {
  const std::uint32_t folder = frames_[i].folder;
  bytes_ -= on_disk(frames_[i].size_bytes);
  std::memmove(static_cast<void*>(frames_ + i), frames_ + i + 1, (count_ - i - 1) * sizeof(Spooled));
  --count_;
  const bool is_last_of_folder =
      (i >= count_ || frames_[i].folder != folder) && (i == 0 || frames_[i - 1].folder != folder);
  if (is_last_of_folder && folder != current_folder_) files_.remove_folder(folder_of(folder).c_str());
  if (count_ == 0 && unlisted_ > 0) is_open_ = list();
}

FileResult Spool::take_folder(std::uint64_t boot) {
  if (current_folder_ != 0 && current_boot_ == boot && current_frames_ < kFramesPerFolder) return FileResult::Done;
  if (last_folder_ >= 99'999'999) return FileResult::Failed;
  const FileResult result = files_.make_folder(folder_of(last_folder_ + 1).c_str());
  if (result != FileResult::Done) return result;
  current_folder_ = ++last_folder_;
  current_boot_ = boot;
  current_frames_ = 0;
  return result;
}

FileResult Spool::write(Path part, Path whole, Bytes bytes) {
  FileResult result = files_.create(part.c_str());
  if (result != FileResult::Done) return result;
  result = files_.write(bytes.data, bytes.size);
  if (result == FileResult::Done) result = files_.sync();
  const FileResult closed = files_.close();
  if (result == FileResult::Done) result = closed;
  if (result == FileResult::Done) result = files_.rename(part.c_str(), whole.c_str());
  if (result != FileResult::Done) files_.remove(part.c_str());  // if it stays, the next start removes it
  return result;
}

bool Spool::purge_refused() {
  if (refused_ == 0) return false;
  Lister lister(*this);
  lister.mode = Lister::Mode::Refused;
  if (files_.list(Path(folder_).slash("refused").c_str(), lister) != FileResult::Done) return false;
  bool is_purged = false;
  for (std::size_t i = 0; i < lister.rubbish_count; ++i) {
    const Path path = Path(folder_).slash("refused").slash(lister.rubbish[i].file.view());
    is_purged = files_.remove(Path(path).c_str()) == FileResult::Done || is_purged;
  }
  refused_ = lister.seen - static_cast<std::uint32_t>(is_purged ? lister.rubbish_count : 0);
  return is_purged;
}

void Spool::make_room_for_refused() {
  if (refused_ >= limits_.max_refused) purge_refused();
}

Path Spool::folder_of(std::uint32_t folder) const {
  char digits[kFolderDigits];
  for (std::size_t i = kFolderDigits; i-- > 0; folder /= 10) digits[i] = static_cast<char>('0' + folder % 10);
  return Path(folder_).slash(std::string_view(digits, kFolderDigits));
}

Path Spool::path_of(const Spooled& frame) const { return named(folder_of(frame.folder), frame); }

Path Spool::refused_path_of(const Spooled& frame) const { return named(Path(folder_).slash("refused"), frame); }

Path Spool::named(Path folder, const Spooled& frame) {
  return folder.slash("").hex(frame.name.boot).add("-").number(frame.name.number).add("-").number(frame.up_ms).add("-")
      .number(frame.taken_ms).add(".jpg");
}

}  // namespace camera
