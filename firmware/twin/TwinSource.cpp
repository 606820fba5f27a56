#include "TwinSource.h"

#include <dirent.h>

#include <algorithm>
#include <cstdio>

#include "DrawnPicture.h"

namespace camera {
namespace {

constexpr std::size_t kMostBytes = 4 * 1024 * 1024;
constexpr std::size_t kRubbishBytes = 3000;

bool is_jpeg_name(const std::string& name) {
  const auto ends = [&name](const char* end) {
    const std::string text(end);
    return name.size() > text.size() && name.compare(name.size() - text.size(), text.size(), text) == 0;
  };
  return ends(".jpg") || ends(".jpeg") || ends(".JPG");
}

}  // namespace

TwinSource::TwinSource(Clock& clock, const std::string& folder, const SensorFaults& faults)
    : clock_(clock), folder_(folder), faults_(faults) {
  picture_.reserve(kMostBytes);
  DIR* listing = folder.empty() ? nullptr : opendir(folder.c_str());
  if (listing == nullptr) return;
  while (const dirent* entry = readdir(listing))
    if (is_jpeg_name(entry->d_name)) files_.push_back(folder + "/" + entry->d_name);
  closedir(listing);
  std::sort(files_.begin(), files_.end());
}

Frame TwinSource::take() {
  ++takes_;
  const bool is_dead = faults_.dead_after != 0 && takes_ >= faults_.dead_after &&
                       (faults_.revived_after == 0 || takes_ < faults_.revived_after);
  if (is_dead || lent_ > 0 || !load()) return Frame();
  const auto is_turn = [this](std::uint64_t every) { return every != 0 && takes_ % every == 0; };
  Bytes bytes{picture_.data(), picture_.size()};
  if (is_turn(faults_.rubbish_every)) {
    // A stale end behind the true one, as a driver finds it that looks backwards.
    for (std::size_t i = 0; i < kRubbishBytes; ++i) picture_.push_back(static_cast<std::uint8_t>(i * 7));
    picture_.push_back(0xFF);
    picture_.push_back(0xD9);
    bytes = Bytes{picture_.data(), picture_.size()};
    has_picture_ = false;
  }
  if (is_turn(faults_.broken_every)) bytes = bytes.first(bytes.size / 2);
  ++lent_;
  Frame frame(*this, bytes);
  frame.up_ms = clock_.now_ms();
  if (is_turn(faults_.stale_every)) frame.up_ms -= frame.up_ms > 60'000 ? 60'000 : frame.up_ms;
  return frame;
}

bool TwinSource::apply(const SensorSettings& settings) {
  settings_ = settings;
  return true;
}

bool TwinSource::restart(SensorRestart) {
  ++restarts_;
  return true;
}

void TwinSource::give_back(const std::uint8_t*) { --lent_; }

bool TwinSource::load() {
  if (has_picture_ && picture_number_ == number_ && picture_size_ == settings_.size) return true;
  if (folder_.empty()) {
    const FrameDimensions& size = dimensions(settings_.size);
    draw_picture(size.width, size.height, number_, picture_);
  } else {
    std::FILE* file = files_.empty() ? nullptr : std::fopen(files_[static_cast<std::size_t>(number_ % files_.size())].c_str(), "rb");
    if (file == nullptr) return false;
    picture_.resize(kMostBytes / 2);
    picture_.resize(std::fread(picture_.data(), 1, picture_.size(), file));
    std::fclose(file);
  }
  has_picture_ = true;
  picture_number_ = number_;
  picture_size_ = settings_.size;
  return !picture_.empty();
}

}  // namespace camera
