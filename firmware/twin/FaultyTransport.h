// A transport in front of a real one that does to it what radios, routers, hotels and proxies do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../src/core/Ports.h"
#include "WireFaults.h"

namespace camera {

class FaultyTransport final : public Transport {
 public:
  /// What comes twice goes over `second`, a transport of its own. `recorded_bytes`: the longest request that can be
  /// sent twice. All memory is taken here.
  FaultyTransport(Transport& inner, Transport& second, Clock& clock, std::size_t recorded_bytes = 1024 * 1024);

  /// Counts from the next connection on.
  void set(const WireFaults& faults);

  /// Connections that had a fault, and requests that were sent twice.
  std::uint64_t faulty_connections() const { return faulty_connections_; }
  std::uint64_t repeated() const { return repeated_; }

  Progress resolve(std::string_view host, IpAddress& address) override;
  Progress connect(const Peer& peer) override;
  Io send(Bytes bytes, bool has_more) override;
  Io receive(Room room) override;
  void close() override;
  void wait(std::uint32_t at_most_ms) override;

 private:
  enum class Repeat : std::uint8_t { No, Connecting, Sending, Awaiting };

  void draw();
  std::uint32_t next_random();
  std::size_t allowance(std::size_t wanted);
  void spend(std::size_t count);
  Io break_off();
  void record(Bytes sent);
  void begin_repeat(const std::vector<std::uint8_t>& request);
  bool repeat();
  Io deliver_held(Room room);
  bool is_cut_off();
  bool answers_itself() const { return faults_.portal || faults_.warning || faults_.redirect != 0; }
  void write_page();
  Io own_page(Room room);
  bool is_deaf() const { return faults_.black_hole || answers_itself(); }

  Transport& inner_;
  Transport& second_;
  Clock& clock_;
  WireFaults wanted_;
  WireFaults faults_;  // of this connection
  std::uint32_t random_ = 1;
  std::uint64_t faulty_connections_ = 0;
  std::uint64_t repeated_ = 0;

  bool is_drawn_ = false;
  bool is_broken_ = false;
  Peer peer_;
  std::uint64_t passed_bytes_ = 0;  // towards the server, on this connection
  std::uint64_t began_ms_ = 0;
  std::uint64_t moved_bytes_ = 0;  // both ways, for the rate
  bool is_held_up_ = false;        // by the rate, or the buffer
  std::uint64_t moved_ms_ = 0;     // when a byte passed last, either way

  // Requests as they went, to be sent twice.
  std::size_t recorded_bytes_;
  std::vector<std::uint8_t> request_;
  std::vector<std::uint8_t> request_before_;
  bool has_answer_begun_ = false;
  Repeat repeat_ = Repeat::No;
  const std::vector<std::uint8_t>* repeating_ = nullptr;
  std::size_t repeated_bytes_ = 0;
  std::vector<std::uint8_t> held_;  // the answer, until the repetition is over
  std::size_t held_sent_ = 0;

  // What is answered here and never gets further.
  std::uint8_t line_ends_ = 0;  // how much of an empty line has gone by
  bool is_head_sent_ = false;
  std::string target_;  // of the request: its first line, as far as it is known
  std::string page_;
  std::size_t page_sent_ = 0;
};

}  // namespace camera
