// A transport that plays a server from a script, with a clock, a random source and a frame owner of its own kind.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/Frame.h"
#include "core/Ports.h"
#include "core/Uplink.h"

namespace camera::testing {

class FakeClock final : public Clock {
 public:
  std::uint64_t now_ms() override { return now; }
  std::optional<std::uint64_t> unix_ms() override { return unix; }
  void set_unix_ms(std::uint64_t to) override { unix = to; }

  std::uint64_t now = 1'000'000;
  std::optional<std::uint64_t> unix;
};

class FakeRandom final : public Random {
 public:
  std::uint32_t next_u32() override { return next; }
  std::uint32_t next = 0;
};

/// Counts what it has lent out.
class FakeOwner final : public FrameOwner {
 public:
  Frame lend(const std::string& bytes, FrameName name, std::uint64_t up_ms = 83'412) {
    ++lent;
    Frame frame(*this, Bytes{reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
    frame.name = name;
    frame.up_ms = up_ms;
    return frame;
  }
  void give_back(const std::uint8_t*) override { --lent; }
  int lent = 0;
};

/// What the server does with one request.
struct Exchange {
  std::string answer;
  std::optional<std::size_t> after_bytes{};  // of the request, head included; otherwise after all of it
  std::size_t at_a_time = SIZE_MAX;          // bytes of the answer per receive()
  std::uint64_t every_ms = 0;                // and how long between them
  Progress then = Progress::Pending;         // Closed, Failed: what is heard behind the answer
};

/// One connection as the server plays it.
struct Connection {
  std::vector<Exchange> exchanges{};
  std::size_t takes = SIZE_MAX;            // bytes per send()
  bool is_slow = false;                    // every other send() is Pending
  std::optional<std::size_t> fails_at{};   // send() fails once so many bytes have gone
  bool is_heard_after_failure = false;     // and nothing is heard before that
  std::optional<std::size_t> breaks_at{};  // likewise, and receive() with it
  Progress connecting = Progress::Done;    // Failed: refused. Pending: for ever
  // What came, request by request.
  std::vector<std::string> requests{};
  Peer peer{};
  std::string host{};
};

class ScriptedTransport final : public Transport {
 public:
  explicit ScriptedTransport(FakeClock& clock) : clock_(clock) {}

  /// Plays `connection` next.
  Connection& add(Connection connection) {
    connections.push_back(std::move(connection));
    return connections.back();
  }
  void respond(std::string words) { add({{{std::move(words)}}}); }

  Progress resolve(std::string_view host, IpAddress& address) override {
    asked.emplace_back(host);
    if (resolving == Progress::Done) address = answer;
    return resolving;
  }

  Progress connect(const Peer& peer) override {
    if (!is_connecting_) {
      is_connecting_ = true;
      ++opened;
    }
    if (opened > connections.size()) return Progress::Failed;
    Connection& connection = connections[opened - 1];
    connection.peer = peer;
    connection.host = std::string(peer.host);
    connection.peer.host = {};
    if (connection.connecting == Progress::Done) {
      now_ = &connection;
      is_connecting_ = false;
    }
    if (connection.connecting == Progress::Failed) is_connecting_ = false;
    return connection.connecting;
  }

  Io send(Bytes bytes, bool has_more) override {
    had_more.push_back(has_more);
    if (now_ == nullptr || bytes.is_empty()) return misused();
    if (now_->fails_at && sent_ >= *now_->fails_at) {
      has_failed_ = true;
      return {Progress::Failed, 0};
    }
    if (is_broken()) return {Progress::Failed, 0};
    if (now_->takes == 0) return {Progress::Pending, 0};
    if (now_->is_slow && (was_pending_ = !was_pending_)) return {Progress::Pending, 0};
    std::size_t size = std::min(bytes.size, now_->takes);
    if (now_->fails_at) size = std::min(size, *now_->fails_at - sent_);
    if (now_->breaks_at) size = std::min(size, *now_->breaks_at - sent_);
    take(bytes.first(size));
    sent_ += size;
    return {Progress::Done, size};
  }

  Io receive(Room room) override {
    if (now_ == nullptr || room.size == 0) return misused();
    if (is_broken()) return {Progress::Failed, 0};
    if (now_->is_heard_after_failure && !has_failed_) return {Progress::Pending, 0};
    if (exchange_ >= now_->exchanges.size()) return {Progress::Pending, 0};
    const Exchange& exchange = now_->exchanges[exchange_];
    const std::size_t heard = is_whole_ ? SIZE_MAX : size_;
    if (heard < exchange.after_bytes.value_or(SIZE_MAX)) return {Progress::Pending, 0};
    const std::string_view rest = std::string_view(exchange.answer).substr(answered_);
    if (rest.empty()) {
      if (exchange.then != Progress::Pending) return {exchange.then, 0};
      return {Progress::Pending, 0};
    }
    if (exchange.every_ms != 0 && clock_.now < next_at_ms_) return {Progress::Pending, 0};
    next_at_ms_ = clock_.now + exchange.every_ms;
    const std::size_t size = std::min({room.size, rest.size(), exchange.at_a_time});
    std::copy_n(rest.begin(), size, room.data);
    answered_ += size;
    return {Progress::Done, size};
  }

  void close() override {
    if (now_ != nullptr || is_connecting_) ++closed;
    now_ = nullptr;
    is_connecting_ = false;
    exchange_ = answered_ = sent_ = size_ = head_ = 0;
    next_at_ms_ = 0;
    is_whole_ = false;
    has_failed_ = false;
    was_pending_ = false;
  }

  void wait(std::uint32_t at_most_ms) override {
    if (was_pending_) {  // there is room again
      clock_.now += 1;
      return;
    }
    const bool drips = now_ != nullptr && exchange_ < now_->exchanges.size() &&
                       now_->exchanges[exchange_].every_ms != 0 && next_at_ms_ > clock_.now;
    clock_.now += drips ? std::min<std::uint64_t>(at_most_ms, next_at_ms_ - clock_.now) : at_most_ms;
  }

  bool is_open() const { return now_ != nullptr; }

  /// All that came over all connections.
  std::vector<std::string> requests() const {
    std::vector<std::string> all;
    for (const Connection& connection : connections) {
      all.insert(all.end(), connection.requests.begin(), connection.requests.end());
    }
    return all;
  }

  std::vector<Connection> connections;
  std::vector<std::string> asked;
  std::vector<bool> had_more;  // per send()
  Progress resolving = Progress::Done;
  IpAddress answer{{192, 168, 1, 20}, 4, 0};
  std::size_t opened = 0;
  std::size_t closed = 0;
  bool was_misused = false;

 private:
  Io misused() {
    was_misused = true;
    return {Progress::Failed, 0};
  }

  bool is_broken() const { return now_->breaks_at && sent_ >= *now_->breaks_at; }

  // Cuts what comes into requests.
  void take(Bytes bytes) {
    for (std::size_t at = 0; at < bytes.size; ++at) {
      if (is_whole_) {  // the next request: its answer comes from the next exchange
        ++exchange_;
        answered_ = size_ = head_ = 0;
      }
      if (size_++ == 0) now_->requests.emplace_back();
      std::string& request = now_->requests.back();
      request.push_back(static_cast<char>(bytes.data[at]));
      if (head_ == 0 && size_ >= 4 && request.compare(size_ - 4, 4, "\r\n\r\n") == 0) {
        head_ = size_;
        const std::size_t length = request.find("Content-Length: ");
        length_ = length == std::string::npos ? 0 : std::strtoul(request.c_str() + length + 16, nullptr, 10);
      }
      is_whole_ = head_ != 0 && size_ == head_ + length_;
    }
  }

  FakeClock& clock_;
  Connection* now_ = nullptr;
  bool is_connecting_ = false;
  std::size_t exchange_ = 0;
  std::size_t answered_ = 0;
  std::size_t sent_ = 0;
  std::uint64_t next_at_ms_ = 0;
  std::size_t size_ = 0;  // of the request that is coming
  std::size_t head_ = 0;
  std::size_t length_ = 0;
  bool is_whole_ = false;
  bool has_failed_ = false;
  bool was_pending_ = false;
};

}  // namespace camera::testing
