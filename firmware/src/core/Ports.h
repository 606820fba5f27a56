// Everything the core asks of the world. The chip, the twin and the tests each answer in their own way.
//
// Nothing here throws, and nothing behind it allocates after start. No port is owned through its interface, hence the
// protected destructors. A port is used by one task at a time; where two tasks share one, its comment says so.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "Bytes.h"
#include "Frame.h"
#include "FrameSize.h"

namespace camera {

// -- frames -----------------------------------------------------------------------------------------------------------

/// What the sensor shall do. Values it cannot do are its nearest.
struct SensorSettings {
  FrameSize size = FrameSize::SVGA;  // never above what the source was started with
  std::uint8_t quality = 12;         // JPEG, 0–63, lower is better and larger
  bool is_flipped = false;           // upside down
  bool is_mirrored = false;
  std::int8_t brightness = 0;  // −2 to 2
};

/// How hard to shake a sensor that gives no frames, gentlest first.
enum class SensorRestart : std::uint8_t {
  Reinit,      // stop the driver and start it again
  PowerCycle,  // take its power away in between; where the board has no pin for it, as Reinit
};

/// The camera driver. Used by the taking task alone; only its give_back() may come from another.
class FrameSource : public FrameOwner {
 public:
  /// The next frame that the driver has, its up_ms from the shutter and its name not yet given; no frame when none came
  /// in the driver's own patience (4 s on the chip, none in the twin). Older than wanted is normal: look at up_ms.
  /// The driver has few buffers: copy, and drop the frame.
  virtual Frame take() = 0;

  /// False: the sensor did not take it; what it does now is unknown.
  virtual bool apply(const SensorSettings& settings) = 0;

  /// False: it did not come back. Every frame taken must have been dropped before.
  virtual bool restart(SensorRestart how) = 0;

  /// Low power between shots, where the sensor can; harmless where it cannot.
  virtual void stand_by(bool on) = 0;

  /// What the sensor is, such as `OV3660`; empty before it was found. Lives as long as the source.
  virtual std::string_view sensor() const = 0;

 protected:
  ~FrameSource() = default;
};

// -- transport --------------------------------------------------------------------------------------------------------

/// Where a call that does not wait has got to.
enum class Progress : std::uint8_t {
  Pending,  // nothing more just now: ask again, after wait()
  Done,     // it did something: `size` bytes of it
  Closed,   // receive: the peer has said all it will. Otherwise as Failed
  Failed,   // it cannot, now or later, without a new connect()
};

/// What send() and receive() say.
struct Io {
  Progress progress = Progress::Failed;
  std::size_t size = 0;  // at least 1 when Done, else 0
};

/// A peer's address, as numbers, so that it can be kept where names cannot be asked for.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};  // IPv4 in the first four
  std::uint8_t size = 0;                 // 4, 16, or 0: none
  std::uint32_t scope = 0;               // of an IPv6 address on one link

  friend bool operator==(const IpAddress& one, const IpAddress& other) {
    return one.size == other.size && one.bytes == other.bytes && one.scope == other.scope;
  }
};

/// Whom to connect to.
struct Peer {
  IpAddress address;
  std::uint16_t port = 0;
  bool is_tls = false;
  std::string_view host;  // the name that TLS asks for and checks
};

/// One connection at a time, never waiting but in wait(). Used by the sending task alone.
class Transport {
 public:
  /// Looks `host` up (numbers are taken as they are). Pending: ask again with the same host. An answer that nobody
  /// fetched is forgotten when another host is asked for.
  virtual Progress resolve(std::string_view host, IpAddress& address) = 0;

  /// Connects, with the TLS handshake where the peer has one. Pending: call again with the same peer. Done: connected.
  virtual Progress connect(const Peer& peer) = 0;

  /// Sends some of `bytes`, which must not be empty: how many, says the answer. `has_more`: more follows at once, and
  /// the end of these need not go in a packet of its own. After Failed, what the peer had said before can still be
  /// received.
  virtual Io send(Bytes bytes, bool has_more) = 0;

  /// Receives what there is, at most `room`, which must not be empty.
  virtual Io receive(Room room) = 0;

  /// Ends the connection, or the attempt to make one, at once. Harmless to repeat.
  virtual void close() = 0;

  /// Returns when a call that was Pending may get further, or when `at_most_ms` have passed, or a little earlier for
  /// no reason. The loop around the core calls it; the core never does.
  virtual void wait(std::uint32_t at_most_ms) = 0;

 protected:
  ~Transport() = default;
};

// -- clock ------------------------------------------------------------------------------------------------------------

/// Both tasks read it at any moment; implementations must stand that.
class Clock {
 public:
  /// Milliseconds since the cold start, deep sleep included: never backwards, never wrapping.
  virtual std::uint64_t now_ms() = 0;

  /// Unix time, if it was ever set or survived the restart. A clock at 1970 is not set.
  virtual std::optional<std::uint64_t> unix_ms() = 0;

  /// Sets the Unix time; now_ms() does not move.
  virtual void set_unix_ms(std::uint64_t unix_ms) = 0;

 protected:
  ~Clock() = default;
};

// -- log and the small ones -------------------------------------------------------------------------------------------

enum class LogLevel : std::uint8_t {
  Debug,    // per frame
  Info,     // a person wants to know
  Warning,  // someone must act later
  Error,    // a promise was broken
};

/// Lines for a person. Both tasks write; implementations must keep lines whole. Never a key or a password.
class Log {
 public:
  virtual void line(LogLevel level, std::string_view text) = 0;

 protected:
  ~Log() = default;
};

/// Randomness good enough for a boot's id: on the chip only once its radio runs.
class Random {
 public:
  virtual std::uint32_t next_u32() = 0;

 protected:
  ~Random() = default;
};

/// The chip's hasher, or a library's. Used by the taking task alone.
class Digest {
 public:
  virtual Sha256 sha256(Bytes bytes) = 0;

 protected:
  ~Digest() = default;
};

}  // namespace camera
