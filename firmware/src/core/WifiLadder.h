// What to do about Wi-Fi, decided by time since the archive last answered, not by what the radio says of its link: a
// link that is "up" and carries nothing is the commonest fault there is.
//
//   join → the next network → … → radio off and on → restart, each after longer without a word from the archive
#pragma once

#include <cstddef>
#include <cstdint>

namespace camera {

class WifiLadder {
 public:
  enum class Step : std::uint8_t {
    None,
    Join,        // `network()`
    PowerCycle,  // radio off and on, then join
    Restart,     // the whole board; the spool outlives it
  };

  static constexpr std::uint64_t kJoinMs = 20'000;         // for one network, link down
  static constexpr std::uint64_t kSilenceMs = 5 * 60'000;  // link up, the archive silent: join anew
  static constexpr std::uint64_t kPowerMs = 15 * 60'000;
  static constexpr std::uint64_t kRestartMs = 60 * 60'000;

  /// At a start, and when the networks change.
  void begin(std::size_t networks, std::uint64_t now_ms);

  /// The archive has answered: everything is well.
  void heard(std::uint64_t now_ms);

  /// What to do now. While nothing waits to be sent, silence proves nothing and the ladder is not climbed.
  Step step(bool is_up, bool has_something_to_send, std::uint64_t now_ms);

  /// Which network to join.
  std::size_t network() const { return network_; }

 private:
  std::size_t networks_ = 0;
  std::size_t network_ = 0;
  bool has_joined_ = false;
  bool was_up_ = false;
  std::uint64_t joined_ms_ = 0;   // when the last join began
  std::uint64_t silent_ms_ = 0;   // since when the archive could have answered and did not
  std::uint64_t power_ms_ = 0;    // when the radio was last off
};

}  // namespace camera
