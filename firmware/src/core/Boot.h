// A boot: its id, the numbers of its next frame and report, and what it has to confess, kept through deep sleep and by
// nothing else.
#pragma once

#include <cstdint>
#include <optional>

#include "FrameName.h"
#include "Losses.h"
#include "Ports.h"

namespace camera {

/// Memory that deep sleep keeps and every other start loses (RTC_DATA_ATTR). Zeroed at first.
struct BootMemory {
  static constexpr std::uint32_t kMostCarried = 16;

  std::uint32_t magic = 0;
  std::uint32_t wakes = 0;
  std::uint64_t boot = 0;
  std::uint64_t next_number = 0;
  std::uint64_t interval_shot_ms = 0;  // `up` of the last trigger by interval
  std::uint32_t has_interval_shot = 0;
  std::uint64_t next_report = 0;
  std::uint32_t carried_count = 0;
  Loss carried[kMostCarried];  // losses that no card and no flash holds
  std::uint32_t crc = 0;
};

class Boot {
 public:
  /// A wake goes on with the boot that fell asleep; anything else begins a new one.
  explicit Boot(BootMemory& memory);

  /// Draws the id of a new boot; a wake has its own. Only when `random` is truly random, so on the chip not before its
  /// radio runs: two boots of one id would be one boot. False: what it gave is no id, ask again.
  bool draw(Random& random);
  bool is_known() const { return memory_.boot != 0; }
  bool is_wake() const { return is_wake_; }
  std::uint64_t id() const { return memory_.boot; }

  /// The name of the next frame. Each is given once, so whoever asks must see to it that it is kept or confessed.
  FrameName next();

  /// `up` of the last trigger by interval, so that a wake stays in step with it.
  std::optional<std::uint64_t> interval_shot_ms() const;
  void set_interval_shot_ms(std::uint64_t up_ms);

  /// The number of its next report, as it was when the boot fell asleep.
  std::uint64_t next_report() const { return memory_.next_report; }
  void set_next_report(std::uint64_t number);

  /// Takes along a range of lost numbers that is written down nowhere else. False: there is no room for more.
  bool carry(const Loss& loss);
  std::uint32_t carried() const { return memory_.carried_count; }
  const Loss& carried_at(std::uint32_t i) const { return memory_.carried[i]; }
  void put_down();  // all that is carried

 private:
  void seal();

  BootMemory& memory_;
  bool is_wake_ = false;
};

}  // namespace camera
