#include "FaultyTransport.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace camera {
namespace {

constexpr std::string_view kPortal =
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 44\r\nConnection: close\r\n\r\n"
    "<html><body>Please log in first</body></html";
static_assert(kPortal.size() - kPortal.find("<html>") == 44);

// As free tunnels put it before the first visit, in the words of no particular one.
constexpr std::string_view kWarning =
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
    "2b\r\n<html><body>You are about to visit</body></\r\n0\r\n\r\n";

constexpr std::string_view kOtherName = "localhost";
constexpr std::size_t kMaxFirstLine = 300;

constexpr std::uint32_t kHeldUpMs = 5;
constexpr std::size_t kHeldBytes = 4096;

}  // namespace

FaultyTransport::FaultyTransport(Transport& inner, Transport& second, Clock& clock, std::size_t recorded_bytes)
    : inner_(inner), second_(second), clock_(clock), recorded_bytes_(recorded_bytes) {
  request_.reserve(recorded_bytes);
  request_before_.reserve(recorded_bytes);
  held_.reserve(kHeldBytes);
}

void FaultyTransport::set(const WireFaults& faults) {
  wanted_ = faults;
  random_ = faults.seed * 2654435761U + 1;
}

Progress FaultyTransport::resolve(std::string_view host, IpAddress& address) { return inner_.resolve(host, address); }

Progress FaultyTransport::connect(const Peer& peer) {
  if (!is_drawn_) {
    draw();
    peer_ = Peer{peer.address, peer.port, peer.is_tls, {}};
    began_ms_ = moved_ms_ = clock_.now_ms();
    if (peer.host == kOtherName) faults_.redirect = 0;  // it has arrived
  }
  if (faults_.refuse) {
    close();
    return Progress::Failed;
  }
  if (is_deaf()) return Progress::Done;
  const Progress progress = inner_.connect(peer);
  if (progress == Progress::Failed) is_drawn_ = false;
  return progress;
}

Io FaultyTransport::send(Bytes bytes, bool has_more) {
  if (is_broken_ || is_cut_off()) return {Progress::Failed, 0};
  if (has_answer_begun_ && repeat_ == Repeat::No) {  // the next request of this connection
    has_answer_begun_ = false;
    request_.clear();
  }
  std::size_t size = allowance(bytes.size);
  if (size == 0) return {Progress::Pending, 0};
  if (faults_.cut) {
    const std::uint64_t left = *faults_.cut - std::min(*faults_.cut, passed_bytes_);
    if (left == 0) return break_off();
    size = static_cast<std::size_t>(std::min<std::uint64_t>(size, left));
  }
  Io io{Progress::Done, size};
  if (!is_deaf()) io = inner_.send(bytes.first(size), has_more && size == bytes.size);
  if (io.progress != Progress::Done) return io;
  const Bytes sent = bytes.first(io.size);
  spend(io.size);
  passed_bytes_ += io.size;
  record(sent);
  for (std::size_t at = 0; at < sent.size && answers_itself(); ++at) {
    const std::uint8_t letter = sent.data[at];
    if (target_.size() < kMaxFirstLine) target_ += static_cast<char>(letter);
    line_ends_ = letter == '\n' ? static_cast<std::uint8_t>(line_ends_ + 1) : letter == '\r' ? line_ends_ : 0;
    if (line_ends_ == 2) is_head_sent_ = true;
  }
  return io;
}

Io FaultyTransport::receive(Room room) {
  if (is_broken_ || is_cut_off()) return {Progress::Failed, 0};
  is_held_up_ = faults_.buffer != 0 && clock_.now_ms() - moved_ms_ < faults_.buffer;
  if (is_held_up_) return {Progress::Pending, 0};
  if (faults_.black_hole) return {Progress::Pending, 0};
  if (answers_itself()) return own_page(room);
  if (repeat_ != Repeat::No && !repeat()) return {Progress::Pending, 0};
  if (held_.size() > 0) return deliver_held(room);
  const std::size_t size = allowance(std::min(room.size, kHeldBytes));
  if (size == 0) return {Progress::Pending, 0};
  const Io io = inner_.receive(Room{room.data, size});
  if (io.progress != Progress::Done) return io;
  spend(io.size);
  if (faults_.lose) return break_off();
  if (!has_answer_begun_) {
    has_answer_begun_ = true;
    if (faults_.duplicate) {
      begin_repeat(request_);
    } else if (faults_.reorder) {
      begin_repeat(request_before_);
    }
    if (repeat_ == Repeat::No) {
      request_before_.swap(request_);
      return io;
    }
    // The answer waits until the repetition is over, so that nobody goes on to the next frame before it.
    held_.assign(room.data, room.data + io.size);
    held_sent_ = 0;
    return {Progress::Pending, 0};
  }
  return io;
}

Io FaultyTransport::deliver_held(Room room) {
  const std::size_t size = std::min(room.size, held_.size() - held_sent_);
  std::memcpy(room.data, held_.data() + held_sent_, size);
  held_sent_ += size;
  if (held_sent_ == held_.size()) held_.clear();
  return {Progress::Done, size};
}

void FaultyTransport::close() {
  inner_.close();
  second_.close();
  repeat_ = Repeat::No;
  held_.clear();
  is_drawn_ = false;
  is_broken_ = false;
  has_answer_begun_ = false;
  request_.clear();
}

void FaultyTransport::wait(std::uint32_t at_most_ms) {
  // What holds things up here is not the socket's, so the socket must not be asked to wait for it.
  const bool is_mine = is_held_up_ || repeat_ != Repeat::No;
  inner_.wait(is_mine ? std::min(at_most_ms, kHeldUpMs) : at_most_ms);
}

/// What this connection will suffer.
void FaultyTransport::draw() {
  is_drawn_ = true;
  is_broken_ = false;
  passed_bytes_ = 0;
  moved_bytes_ = 0;
  line_ends_ = 0;
  is_head_sent_ = false;
  target_.clear();
  page_.clear();
  page_sent_ = 0;
  faults_ = WireFaults();
  if (!wanted_.is_any() || next_random() % 1000 >= wanted_.chance) return;
  ++faulty_connections_;
  faults_ = wanted_;
  if (wanted_.mix) {
    faults_ = WireFaults();
    WireFaults drawn[13];
    std::size_t count = 0;
    if (wanted_.cut) drawn[count++].cut = wanted_.cut;
    if (wanted_.cut_within) drawn[count++].cut_within = wanted_.cut_within;
    if (wanted_.lose) drawn[count++].lose = true;
    if (wanted_.duplicate) drawn[count++].duplicate = true;
    if (wanted_.reorder) drawn[count++].reorder = true;
    if (wanted_.black_hole) drawn[count++].black_hole = true;
    if (wanted_.portal) drawn[count++].portal = true;
    if (wanted_.warning) drawn[count++].warning = true;
    if (wanted_.redirect != 0) drawn[count++].redirect = wanted_.redirect;
    if (wanted_.idle_cut != 0) drawn[count++].idle_cut = wanted_.idle_cut;
    if (wanted_.buffer != 0) drawn[count++].buffer = wanted_.buffer;
    if (wanted_.refuse) drawn[count++].refuse = true;
    if (wanted_.rate != 0) drawn[count++].rate = wanted_.rate;
    faults_ = drawn[next_random() % count];
  }
  if (faults_.cut_within) faults_.cut = next_random() % (*faults_.cut_within + 1);
}

/// xorshift: repeatable, and the same on every machine.
std::uint32_t FaultyTransport::next_random() {
  if (random_ == 0) random_ = 1;
  random_ ^= random_ << 13;
  random_ ^= random_ >> 17;
  random_ ^= random_ << 5;
  return random_;
}

/// How much of `wanted` may pass now.
std::size_t FaultyTransport::allowance(std::size_t wanted) {
  is_held_up_ = false;
  if (faults_.rate == 0) return wanted;
  const std::uint64_t may_have_moved = (clock_.now_ms() - began_ms_) * faults_.rate / 1000;
  if (may_have_moved <= moved_bytes_) {
    is_held_up_ = true;
    return 0;
  }
  return static_cast<std::size_t>(std::min<std::uint64_t>(wanted, may_have_moved - moved_bytes_));
}

void FaultyTransport::spend(std::size_t count) {
  moved_bytes_ += count;
  moved_ms_ = clock_.now_ms();
}

/// Whether it has been idle for too long, and is cut now.
bool FaultyTransport::is_cut_off() {
  if (faults_.idle_cut == 0 || clock_.now_ms() - moved_ms_ < faults_.idle_cut) return false;
  break_off();
  return true;
}

Io FaultyTransport::break_off() {
  inner_.close();
  is_broken_ = true;
  return {Progress::Failed, 0};
}

void FaultyTransport::record(Bytes sent) {
  if (!faults_.duplicate && !faults_.reorder) return;
  if (request_.size() + sent.size > recorded_bytes_) return request_.clear();
  request_.insert(request_.end(), sent.data, sent.data + sent.size);
}

void FaultyTransport::begin_repeat(const std::vector<std::uint8_t>& request) {
  if (request.empty()) return;
  repeating_ = &request;
  repeated_bytes_ = 0;
  repeat_ = Repeat::Connecting;
}

/// Sends the recorded request over the second transport, and hears its answer out; true when that is over.
bool FaultyTransport::repeat() {
  if (repeat_ == Repeat::Connecting) {
    const Progress progress = second_.connect(peer_);
    if (progress == Progress::Pending) return false;
    repeat_ = progress == Progress::Done ? Repeat::Sending : Repeat::No;
  }
  while (repeat_ == Repeat::Sending) {
    const Bytes rest = Bytes{repeating_->data(), repeating_->size()}.after(repeated_bytes_);
    if (rest.is_empty()) {
      repeat_ = Repeat::Awaiting;
      break;
    }
    const Io io = second_.send(rest, false);
    if (io.progress == Progress::Pending) return false;
    if (io.progress != Progress::Done) repeat_ = Repeat::No;
    repeated_bytes_ += io.size;
  }
  if (repeat_ == Repeat::Awaiting) {
    std::uint8_t room[512];
    const Io io = second_.receive(Room{room, sizeof room});
    if (io.progress == Progress::Pending) return false;
    if (io.progress == Progress::Done) ++repeated_;
  }
  repeat_ = Repeat::No;
  second_.close();
  request_before_.swap(request_);
  return true;
}

void FaultyTransport::write_page() {
  if (faults_.redirect == 0) {
    page_ = faults_.portal ? kPortal : kWarning;
    return;
  }
  // POST /api/frames HTTP/1.1
  const std::size_t begin = target_.find(' ') + 1;
  page_ = "HTTP/1.1 " + std::to_string(faults_.redirect) + " Elsewhere\r\nLocation: http://" + std::string(kOtherName) +
          ":" + std::to_string(peer_.port) + target_.substr(begin, target_.find(' ', begin) - begin) +
          "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
}

Io FaultyTransport::own_page(Room room) {
  if (!is_head_sent_) return {Progress::Pending, 0};
  if (page_.empty()) write_page();
  const std::string_view rest = std::string_view(page_).substr(page_sent_);
  if (rest.empty()) return {faults_.warning ? Progress::Pending : Progress::Closed, 0};
  const std::size_t size = std::min(room.size, rest.size());
  std::memcpy(room.data, rest.data(), size);
  page_sent_ += size;
  return {Progress::Done, size};
}

}  // namespace camera
