// A sensor that has its frames from a folder, or draws them; and that fails when it is told to.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../src/core/Ports.h"

namespace camera {

/// Each counts calls of `take`, 0: never.
struct SensorFaults {
  std::uint64_t dead_after = 0;    // from then on there are no frames
  std::uint64_t revived_after = 0;  // and from then on there are again
  std::uint64_t broken_every = 0;  // cut in half
  std::uint64_t rubbish_every = 0;  // with bytes of an older frame behind its end
  std::uint64_t stale_every = 0;   // as old as a minute
};

class TwinSource final : public FrameSource {
 public:
  /// `folder`: JPEG files, in the order of their names, again and again; empty: drawn ones.
  TwinSource(Clock& clock, const std::string& folder, const SensorFaults& faults);

  /// False: there is no picture in the folder.
  bool has_frames() const { return folder_.empty() || !files_.empty(); }

  /// A frame was taken: the next one is another.
  void next() { ++number_; }

  Frame take() override;
  bool apply(const SensorSettings& settings) override;
  bool restart(SensorRestart how) override;
  std::string_view sensor() const override { return "TWIN"; }
  std::string_view fault() const override { return {}; }
  bool can_recover() const override { return true; }
  void give_back(const std::uint8_t* data) override;

  /// Frames handed out and not given back.
  int lent() const { return lent_; }
  int restarts() const { return restarts_; }

 private:
  bool load();

  Clock& clock_;
  std::string folder_;
  SensorFaults faults_;
  std::vector<std::string> files_;
  std::vector<std::uint8_t> picture_;
  std::uint64_t number_ = 0;
  std::uint64_t takes_ = 0;
  bool has_picture_ = false;
  std::uint64_t picture_number_ = 0;
  FrameSize picture_size_ = FrameSize::SVGA;
  SensorSettings settings_;
  int lent_ = 0;
  int restarts_ = 0;
};

}  // namespace camera
