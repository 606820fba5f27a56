// Where the archive may be: at the address that was set up, and at those that it told of itself in `Camera-Address`.
//
// The rules of this file:
// * The address that was set up is never forgotten. The others are tried when the one in use does not answer, in this order:
//   set-up, local, public, proven (the one of those told that last kept something), and around.
// * A told address has proven itself when something was kept there. Only then does a start begin with it, and what is told
//   later does not push it out before it has proven itself too.
// * Who was set up with TLS goes nowhere without it. In the clear a told address is used only in the network in which the
//   archive told of it in the clear: elsewhere a stranger may be behind the same numbers, and would get the key.
// * An hour after it left the set-up address a camera looks whether it is back: there frames have the shortest way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "Notes.h"
#include "SendResult.h"
#include "Text.h"

namespace camera {

class Addresses {
 public:
  static constexpr std::size_t kMaxUrl = 192;
  static constexpr unsigned kFailures = 3;                    // in a row, and …
  static constexpr std::uint64_t kPatienceMs = 2 * 60'000;    // … for so long, before another address is tried
  static constexpr std::uint64_t kAwayMs = 60 * 60'000;       // before the way home is tried

  explicit Addresses(Notes& notes) : notes_(notes) {}

  /// At a start, and when another address is set up, which ends all that was told by the archive at the old one.
  void begin(std::string_view set_up, std::uint64_t now_ms);

  /// Where to send to. Empty: nothing is set up.
  std::string_view current() const { return url(at_); }
  bool is_set_up() const { return at_ == Place::SetUp; }

  /// The version of what the archive told; 0: nothing.
  std::uint64_t version() const { return version_; }

  /// Before something is sent in `network`. True: another address is current now.
  bool enter(std::string_view network, std::uint64_t now_ms);

  /// `Camera-Address` of a kept answer, after that. What is malformed, or cannot be written down, changes nothing.
  void offer(std::string_view field, std::string_view network);

  /// Afterwards, with what became of it. `is_hurried`: one failure is enough. True: another address is current now.
  bool sent(SendResult result, std::string_view network, std::uint64_t now_ms, bool is_hurried);

  /// Since something was kept last, some addresses have failed and others were not tried yet.
  bool is_searching() const { return given_up_ > 0 && given_up_ < usable_; }

 private:
  enum class Place : std::uint8_t { SetUp, Local, Public, Proven };
  static constexpr unsigned kPlaces = 4;
  using Url = FixedText<kMaxUrl>;

  std::string_view url(Place place) const;
  bool is_allowed(Place place, std::string_view network) const;
  bool has_turn(Place place, std::string_view network) const;
  void kept(std::uint64_t now_ms);
  bool move_on(std::string_view network);
  bool write() const;

  Notes& notes_;
  Url set_up_, local_, public_, proven_;
  FixedText<32> network_;      // in which the archive was met in the clear when it told
  bool has_network_ = false;
  std::uint64_t version_ = 0;
  std::uint64_t left_ms_ = 0;  // when the set-up address was tried last before another proved itself
  Place at_ = Place::SetUp;
  bool is_looking_ = false;    // on the way home: one failure is enough
  unsigned failures_ = 0;      // in a row, at the current address
  std::uint64_t failing_ms_ = 0;
  unsigned given_up_ = 0;
  unsigned usable_ = 1;
};

}  // namespace camera
