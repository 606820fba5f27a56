// Sends one frame or one report at a time to the archive, and believes nothing but the archive's own word on that very one.
//
//   Idle → Connecting → Sending → AwaitingReply → Idle, or Backoff after anything but `kept` and `refused`
//
// Its rules, all kept in Uplink.cpp:
//
// 1. One deadline stands over a whole request: names, handshakes, redirects and the one retry included.
// 2. Between any two chunks it listens. An answer that comes early ends the sending, and after a failed send what the
//    peer had said before is still read.
// 3. `kept` and `refused` count only with this frame's boot and number beside them, whatever the status; so do the
//    clock and the settings that come with them. A report is a request without a body, with an echo of its own.
// 4. It tries again at once, once, and only when a connection from an earlier request died before any byte of answer.
// 5. 307 and 308 are followed with method and body, five hops at most. The key stays with the host it was given for, over
//    any scheme, and never goes from TLS into the clear. Once away from there it is shown nowhere in that request, not even
//    back at home. A 308 is remembered until something fails, and never written down.
// 6. The last address that the archive answered from is asked before the name, as names have no deadline of their own;
//    after a failure the name is asked first and that address is the second choice.
//
// Nothing waits in here and nothing is allocated. It knows sockets and Wi-Fi through `Transport` only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "Address.h"
#include "Backoff.h"
#include "Frame.h"
#include "Ports.h"
#include "Reply.h"
#include "Request.h"
#include "SendResult.h"
#include "Text.h"

namespace camera {

/// What is said beside a frame. The views must live until the answer is there.
struct Saying {
  std::uint64_t boot = 0;   // the present one: frames of others are sent without `now`
  std::string_view status;  // `Camera-Status`; empty: left out
  std::string_view lost;    // `Camera-Lost`; empty: left out
  std::string_view next_key = {};  // `Camera-Key`; empty: left out
};

/// What became of what was sent.
struct Outcome {
  SendResult result = SendResult::Unreachable;
  const char* why = "";                          // for the log: what was seen; lives for ever
  std::uint16_t status = 0;                      // of the answer; 0: there was none
  std::uint64_t wait_ms = 0;                     // before the next request, jitter included
  std::optional<std::uint64_t> archive_unix_ms;  // `Camera-Clock`, only with the echo
  std::string_view settings;                     // `Camera-Settings`, only with the echo; lives until the next start()
  std::string_view addresses;                    // `Camera-Address`, likewise
  std::string_view key;                          // `Camera-Key`, likewise

  /// The archive spoke, and does not take what comes with this key: not yet (401), or no longer (403).
  bool is_shut_out() const { return result == SendResult::Again && (status == 401 || status == 403); }
};

class Uplink {
 public:
  /// Sent between two looks for an early answer, at most; TLS and the chip's sockets take less at a time.
  static constexpr std::size_t kChunkBytes = 64 * 1024;
  static constexpr unsigned kMaxHops = 5;

  struct Patience {
    std::uint32_t request_ms = 60'000;  // for all of a request
    std::uint32_t connect_ms = 10'000;  // for a name, and for each connection
  };

  Uplink(Transport& transport, Clock& clock, Random& random) : Uplink(transport, clock, random, Patience()) {}
  Uplink(Transport& transport, Clock& clock, Random& random, Patience patience)
      : transport_(transport), clock_(clock), random_(random), patience_(patience) {}
  Uplink(const Uplink&) = delete;
  Uplink& operator=(const Uplink&) = delete;

  /// Whom to send to: `http://…` or `https://…`, and the key, which may be empty. Abandons what was under way and any
  /// wait. False, and all as before, when one of them cannot be what it should be.
  bool set_server(std::string_view url, std::string_view key);

  /// Whether start() may be called: there is a server, nothing is under way and no wait is left.
  bool is_ready() const;

  /// How long until it is ready, where only a wait stands in the way; else 0.
  std::uint64_t ready_in_ms() const;

  /// Begins to send `frame`, which must live and keep still until step() is true or abandon() was called. Does nothing
  /// when it is not ready.
  void start(const Frame& frame, const Saying& saying);

  /// The same for a report, which has no frame.
  void report(const FrameName& name, const Saying& saying);

  /// Whether one of them is under way.
  bool is_busy() const { return state_ != State::Idle && state_ != State::Backoff; }

  /// Does what can be done without waiting, one chunk at most. True once: when the outcome is there.
  bool step();

  /// How long nothing will happen unless the transport moves: what to give to Transport::wait() before the next step().
  std::uint32_t wait_ms() const;

  /// Of the last of them.
  const Outcome& outcome() const { return outcome_; }

  /// Lets go of frame and connection without an outcome: the radio goes off, the camera goes to sleep.
  void abandon();

  /// Forgets the wait: something says that it is worth trying now, such as a new network.
  void hurry();

  /// The last address that the archive answered from, to be kept through sleep and restarts; empty at first.
  const IpAddress& last_good() const { return last_good_; }
  void remember(const IpAddress& address) { last_good_ = address; }

 private:
  enum class State : std::uint8_t { Idle, Connecting, Sending, AwaitingReply, Backoff };
  enum class Heard : std::uint8_t { Nothing, Part, Answer, Rubbish, End };

  // In the order they are come through.
  void begin(const Frame* frame, const FrameName& name, const Saying& saying);
  void go_to(const Address& next);
  void set_out();
  bool connect();
  bool resolve();
  bool connect_to_address();
  bool give_up_address(const char* why);
  bool send();
  bool send_some(Bytes bytes, bool has_more);
  bool await_reply();
  Heard listen();
  bool judge();
  bool follow();
  bool broke(const char* why);
  bool conclude(SendResult result, const char* why);

  bool is_connection_fresh();
  bool is_at_server() const { return current_.host() == server_.host(); }
  void close();
  Bytes body() const { return frame_ != nullptr ? frame_->bytes() : Bytes{}; }
  std::size_t request_size() const { return head_.size() + body().size; }

  Transport& transport_;
  Clock& clock_;
  Random& random_;
  const Patience patience_;

  // Whom to send to.
  bool has_server_ = false;
  Address server_;  // as it was given
  Address entry_;   // where requests begin: server_, or where it moved for good
  FixedText<kMaxKey> key_;
  IpAddress last_good_;
  bool is_last_good_first_ = true;
  Backoff backoff_;
  std::uint64_t ready_at_ms_ = 0;

  // The connection.
  bool is_open_ = false;
  bool may_reuse_ = false;
  std::uint64_t body_left_ = 0;  // of the last answer, not received yet

  // The request under way.
  State state_ = State::Idle;
  const Frame* frame_ = nullptr;  // null: a report
  FrameName name_;
  Saying saying_;
  std::uint64_t deadline_ms_ = 0;
  Address current_;
  bool may_have_key_ = true;
  bool has_moved_for_good_ = true;
  unsigned hops_ = 0;
  bool is_reused_ = false;
  bool has_retried_ = false;
  bool has_asked_name_ = false;
  bool has_tried_last_good_ = false;
  bool has_address_ = false;
  IpAddress address_;
  std::uint64_t connect_deadline_ms_ = 0;
  bool has_send_failed_ = false;
  bool may_step_again_ = false;
  std::size_t sent_ = 0;
  FixedText<kMaxRequestHead> head_;
  Reply reply_;
  Outcome outcome_;
};

}  // namespace camera
