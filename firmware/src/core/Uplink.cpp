#include "Uplink.h"

#include "Contract.h"

namespace camera {
namespace {

constexpr std::size_t kListenBytes = 512;  // on the stack of the sending task

Bytes bytes_of(std::string_view text) { return Bytes{reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

}  // namespace

bool Uplink::set_server(std::string_view url, std::string_view key) {
  const auto address = Address::of_archive(url);
  if (!address || (!key.empty() && !is_key(key))) return false;
  abandon();
  if (address->host() != server_.host()) last_good_ = IpAddress();
  server_ = *address;
  entry_ = *address;
  key_.clear();
  key_.add(key);
  has_server_ = true;
  hurry();
  return true;
}

bool Uplink::is_ready() const { return has_server_ && !is_busy() && ready_in_ms() == 0; }

std::uint64_t Uplink::ready_in_ms() const {
  if (state_ != State::Backoff) return 0;
  const std::uint64_t now_ms = clock_.now_ms();
  return now_ms < ready_at_ms_ ? ready_at_ms_ - now_ms : 0;
}

void Uplink::start(const Frame& frame, const Saying& saying) {
  if (is_ready()) begin(&frame, frame.name, saying);
}

void Uplink::report(const FrameName& name, const Saying& saying) {
  if (is_ready()) begin(nullptr, name, saying);
}

void Uplink::begin(const Frame* frame, const FrameName& name, const Saying& saying) {
  frame_ = frame;
  name_ = name;
  saying_ = saying;
  deadline_ms_ = clock_.now_ms() + patience_.request_ms;
  // Where frames were sent on to some other path, reports begin where the owner said.
  const Address first = frame != nullptr ? entry_ : entry_.for_reports().value_or(server_.for_reports().value_or(server_));
  go_to(first);
  may_have_key_ = true;
  has_moved_for_good_ = true;
  hops_ = 0;
  has_retried_ = false;
  outcome_ = Outcome();
  set_out();
}

bool Uplink::step() {
  may_step_again_ = false;
  if (!is_busy()) return false;
  if (clock_.now_ms() >= deadline_ms_) return conclude(SendResult::Timeout, "the deadline of the request passed");
  switch (state_) {
    case State::Connecting:
      return connect();
    case State::Sending:
      return send();
    case State::AwaitingReply:
      return await_reply();
    case State::Idle:
    case State::Backoff:
      break;
  }
  return false;
}

std::uint32_t Uplink::wait_ms() const {
  constexpr std::uint64_t kLongestMs = 60'000;
  if (may_step_again_) return 0;
  const std::uint64_t now_ms = clock_.now_ms();
  std::uint64_t until_ms = now_ms + kLongestMs;
  if (is_busy()) {
    until_ms = state_ == State::Connecting && connect_deadline_ms_ < deadline_ms_ ? connect_deadline_ms_ : deadline_ms_;
  } else if (state_ == State::Backoff) {
    until_ms = ready_at_ms_;
  }
  if (until_ms <= now_ms) return 0;
  return static_cast<std::uint32_t>(until_ms - now_ms < kLongestMs ? until_ms - now_ms : kLongestMs);
}

void Uplink::abandon() {
  close();
  if (is_busy()) state_ = State::Idle;
  frame_ = nullptr;
}

void Uplink::hurry() {
  if (state_ == State::Backoff) state_ = State::Idle;
}

// -- connecting -------------------------------------------------------------------------------------------------------

/// From the place of the last request to `next`.
void Uplink::go_to(const Address& next) {
  may_reuse_ = may_reuse_ && current_.is_same_place(next);
  current_ = next;
}

/// Towards current_: over the connection there is, where it serves, else over a new one.
void Uplink::set_out() {
  state_ = State::Connecting;
  may_step_again_ = true;
  reply_.clear();
  sent_ = 0;
  has_send_failed_ = false;
  is_reused_ = is_connection_fresh();
  if (is_reused_) return;
  close();
  has_asked_name_ = false;
  has_tried_last_good_ = false;
  has_address_ = false;
  connect_deadline_ms_ = clock_.now_ms() + patience_.connect_ms;
  if (is_at_server() && is_last_good_first_ && last_good_.size != 0) {
    address_ = last_good_;
    has_address_ = true;
    has_tried_last_good_ = true;
  }
}

/// Whether the open connection leads to current_ and nothing stands in it but the rest of the last answer. A peer that
/// left meanwhile is mostly found here, before a byte is sent.
bool Uplink::is_connection_fresh() {
  if (!is_open_ || !may_reuse_) return false;
  std::uint8_t room[kListenBytes];
  while (true) {
    const Io io = transport_.receive(Room{room, sizeof room});
    if (io.progress == Progress::Pending) return body_left_ == 0;
    if (io.progress != Progress::Done || io.size > body_left_) return false;
    body_left_ -= io.size;
  }
}

bool Uplink::connect() {
  if (!is_reused_) {
    if (!has_address_) return resolve();
    return connect_to_address();
  }
  state_ = State::Sending;
  return send();
}

bool Uplink::resolve() {
  const Progress progress = transport_.resolve(current_.host(), address_);
  if (progress == Progress::Done) {
    has_asked_name_ = true;
    has_address_ = true;
    connect_deadline_ms_ = clock_.now_ms() + patience_.connect_ms;
    may_step_again_ = true;
    return false;
  }
  if (progress == Progress::Pending && clock_.now_ms() < connect_deadline_ms_) return false;
  has_asked_name_ = true;
  return give_up_address("no address is known for the archive's name");
}

bool Uplink::connect_to_address() {
  const Peer peer{address_, current_.port(), current_.is_tls(), current_.host()};
  const Progress progress = transport_.connect(peer);
  if (progress == Progress::Pending) {
    if (clock_.now_ms() < connect_deadline_ms_) return false;
    return give_up_address("the archive's address does not answer");
  }
  if (progress != Progress::Done) return give_up_address("the connection was refused");
  is_open_ = true;
  may_reuse_ = false;
  state_ = State::Sending;
  return send();
}

/// On to the other way of knowing the address, where it was not tried yet.
bool Uplink::give_up_address(const char* why) {
  close();
  const bool may_try_last_good =
      is_at_server() && last_good_.size != 0 && !has_tried_last_good_ && !(has_address_ && address_ == last_good_);
  has_address_ = false;
  if (has_asked_name_ && !may_try_last_good) return conclude(SendResult::Unreachable, why);
  if (has_asked_name_) {
    address_ = last_good_;
    has_address_ = true;
    has_tried_last_good_ = true;
  }
  connect_deadline_ms_ = clock_.now_ms() + patience_.connect_ms;
  may_step_again_ = true;
  return false;
}

// -- sending ----------------------------------------------------------------------------------------------------------

bool Uplink::send() {
  if (sent_ == 0) {
    head_.clear();
    RequestWords words;
    if (may_have_key_) words.key = key_.view();
    if (saying_.boot == name_.boot) words.now_ms = clock_.now_ms();
    words.status = saying_.status;
    words.lost = saying_.lost;
    words.next_key = saying_.next_key;
    const bool fits = frame_ != nullptr ? write_request(head_, current_, *frame_, words)
                                        : write_report(head_, current_, name_, words);
    if (!fits) return conclude(SendResult::NoEcho, "the request is too long");
  }
  // Before the first byte there is nothing to hear: set_out() has just listened, or the connection is new.
  switch (sent_ == 0 ? Heard::Nothing : listen()) {
    case Heard::Answer:
      return judge();
    case Heard::Rubbish:
      return conclude(SendResult::NoEcho, "the answer is not HTTP");
    case Heard::End:
      return broke("the connection closed in the middle of the frame");
    case Heard::Part:
      may_step_again_ = true;
      return false;
    case Heard::Nothing:
      break;
  }
  const Bytes picture = body();
  if (sent_ < head_.size() && !send_some(bytes_of(head_.view()).after(sent_), !picture.is_empty())) return false;
  // The head goes in one packet with what comes first of the body, so nothing is done between them.
  if (sent_ >= head_.size() && sent_ < request_size() &&
      !send_some(picture.after(sent_ - head_.size()).first(kChunkBytes), false)) {
    return false;
  }
  if (has_send_failed_ || sent_ == request_size()) {
    state_ = State::AwaitingReply;
    return await_reply();
  }
  may_step_again_ = true;
  return false;
}

/// False: nothing goes just now. A send that failed is noted, and counts as one that went.
bool Uplink::send_some(Bytes bytes, bool has_more) {
  if (has_send_failed_) return true;
  const Io io = transport_.send(bytes, has_more);
  if (io.progress == Progress::Pending) return false;
  if (io.progress == Progress::Done) {
    sent_ += io.size < bytes.size ? io.size : bytes.size;
  } else {
    has_send_failed_ = true;
  }
  return true;
}

// -- the answer -------------------------------------------------------------------------------------------------------

bool Uplink::await_reply() {
  switch (listen()) {
    case Heard::Answer:
      return judge();
    case Heard::Rubbish:
      return conclude(SendResult::NoEcho, "the answer is not HTTP");
    case Heard::End:
      return broke(has_send_failed_ ? "the connection broke in the middle of the frame"
                                    : "the connection closed without an answer");
    case Heard::Part:
      may_step_again_ = true;
      return false;
    case Heard::Nothing:
      break;
  }
  return false;
}

/// Takes in what there is of the answer, as much as one call gives.
Uplink::Heard Uplink::listen() {
  std::uint8_t room[kListenBytes];
  const Io io = transport_.receive(Room{room, sizeof room});
  if (io.progress == Progress::Pending) return Heard::Nothing;
  if (io.progress != Progress::Done) return Heard::End;
  for (std::size_t at = 0; at < io.size; ++at) {
    const Reply::State state = reply_.take(room[at]);
    if (state == Reply::State::Malformed) return Heard::Rubbish;
    if (state == Reply::State::Incomplete) continue;
    const auto body = reply_.body_before_next();
    const std::size_t beyond = io.size - at - 1;
    may_reuse_ = body && *body >= beyond && sent_ == request_size() && !has_send_failed_;
    body_left_ = may_reuse_ ? *body - beyond : 0;
    return Heard::Answer;
  }
  return Heard::Part;
}

bool Uplink::judge() {
  outcome_.status = reply_.status();
  if (!may_reuse_) close();
  const auto echo = read_echo(frame_ != nullptr ? reply_.frame() : reply_.report());
  if (!echo || echo->name != name_) {
    if (reply_.status() == 307 || reply_.status() == 308) return follow();
    return conclude(SendResult::NoEcho, echo ? "the answer is about another frame" : "the answer names no frame");
  }
  outcome_.archive_unix_ms = read_clock(reply_.clock());
  outcome_.settings = reply_.settings();
  outcome_.addresses = reply_.addresses();
  outcome_.key = reply_.key();
  if (is_at_server()) last_good_ = address_;
  if (has_moved_for_good_ && may_have_key_ && frame_ != nullptr) entry_ = current_;
  switch (echo->answer) {
    case Answer::Kept:
      return conclude(SendResult::Kept, "the archive has kept it");
    case Answer::Refused:
      return conclude(SendResult::Refused, "the archive refuses it");
    case Answer::Again:
      break;
  }
  return conclude(SendResult::Again, "the archive wants it again later");
}

bool Uplink::follow() {
  const auto next = current_.redirected(reply_.location());
  if (reply_.location().empty() || !next) return conclude(SendResult::NoEcho, "redirected to no address");
  if (++hops_ > kMaxHops) return conclude(SendResult::NoEcho, "redirected too often");
  may_have_key_ = may_have_key_ && current_.may_share_key_with(*next);
  has_moved_for_good_ = has_moved_for_good_ && reply_.status() == 308;
  go_to(*next);
  set_out();
  return false;
}

/// The connection ended before an answer. One that had served before may just have been too old.
bool Uplink::broke(const char* why) {
  close();
  if (!is_reused_ || has_retried_ || reply_.has_begun()) return conclude(SendResult::Unreachable, why);
  has_retried_ = true;
  set_out();
  return false;
}

bool Uplink::conclude(SendResult result, const char* why) {
  outcome_.result = result;
  outcome_.why = why;
  frame_ = nullptr;
  is_last_good_first_ = result.is_the_archives_word();
  if (!is_last_good_first_) {
    close();
    entry_ = server_;
  }
  if (!result.worth_retrying()) {
    backoff_.succeeded();
    state_ = State::Idle;
    return true;
  }
  const bool has_answer = reply_.state() == Reply::State::Answered;
  const std::uint64_t asked_ms = has_answer ? reply_.retry_after_ms(clock_.unix_ms()) : 0;
  // Somebody may be standing there to let it in, so who was told when to ask again does not ask ever more seldom.
  if (outcome_.is_shut_out() && asked_ms > 0) backoff_.succeeded();
  outcome_.wait_ms = backoff_.failed(asked_ms, random_);
  ready_at_ms_ = clock_.now_ms() + outcome_.wait_ms;
  state_ = State::Backoff;
  return true;
}

void Uplink::close() {
  transport_.close();
  is_open_ = false;
  may_reuse_ = false;
  body_left_ = 0;
}

}  // namespace camera
