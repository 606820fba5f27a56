// One JPEG as the camera took it: its bytes, its name and its times. Move-only; it gives its buffer back by itself.
#pragma once

#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include "Bytes.h"
#include "FrameName.h"

namespace camera {

/// Whose memory a frame's bytes are: the driver, the ring, the spool's reading buffer.
class FrameOwner {
 public:
  /// Takes the buffer that starts at `data` back. Called once per frame handed out, by the task that held the frame
  /// last: an owner whose frames change tasks must stand that.
  virtual void give_back(const std::uint8_t* data) = 0;

 protected:
  ~FrameOwner() = default;
};

class Frame {
 public:
  /// No frame at all.
  Frame() = default;

  /// A frame whose `bytes` go back to `owner` when it is dropped. They must not change until then.
  Frame(FrameOwner& owner, Bytes bytes) : owner_(&owner), start_(bytes.data), bytes_(bytes) {}

  Frame(Frame&& other) noexcept { take(other); }
  Frame& operator=(Frame&& other) noexcept {
    if (this != &other) {
      drop();
      take(other);
    }
    return *this;
  }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;
  ~Frame() { drop(); }

  /// Gives the buffer back now; afterwards this is no frame at all. Harmless to repeat.
  void drop() {
    if (owner_ != nullptr) owner_->give_back(start_);
    owner_ = nullptr;
    start_ = nullptr;
    bytes_ = Bytes{};
  }

  /// False for no frame at all: an empty ring, a driver that returned NULL.
  explicit operator bool() const { return owner_ != nullptr; }

  Bytes bytes() const { return bytes_; }

  /// Narrows the view, to leave out what the driver has before or after the picture. The buffer stays whole.
  void narrow(Bytes part) { bytes_ = part; }

  FrameName name;
  std::uint64_t up_ms = 0;                // since boot, when the shutter fired; goes on through deep sleep
  std::optional<std::uint64_t> taken_ms;  // Unix time, if and only if the clock was set when the shutter fired
  std::optional<Sha256> sha256;           // of bytes(); reckoned once, early, so that later damage shows

 private:
  void take(Frame& other) {
    owner_ = std::exchange(other.owner_, nullptr);
    start_ = std::exchange(other.start_, nullptr);
    bytes_ = std::exchange(other.bytes_, Bytes{});
    name = other.name;
    up_ms = other.up_ms;
    taken_ms = other.taken_ms;
    sha256 = other.sha256;
  }

  FrameOwner* owner_ = nullptr;
  const std::uint8_t* start_ = nullptr;
  Bytes bytes_;
};

static_assert(!std::is_copy_constructible_v<Frame> && !std::is_copy_assignable_v<Frame>, "two frames, one buffer");
static_assert(std::is_nothrow_move_constructible_v<Frame> && std::is_nothrow_move_assignable_v<Frame>);

}  // namespace camera
