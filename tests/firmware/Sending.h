// What the tests of Uplink share: an uplink with a scripted server, a frame, and the loop that steps it to its end.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "ScriptedTransport.h"
#include "core/Uplink.h"

namespace camera {

inline void PrintTo(const SendResult& result, std::ostream* out) { *out << result.c_str(); }
inline void PrintTo(SendResult::Code code, std::ostream* out) { *out << SendResult(code).c_str(); }

}  // namespace camera

namespace camera::testing {

inline constexpr FrameName kName{0x9f3a61c0e2b47d18, 182};

inline std::string answer(const std::string& status, const std::string& fields, const std::string& body = "kept\n") {
  return "HTTP/1.1 " + status + "\r\n" + fields + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

inline std::string echo(const std::string& word, std::uint64_t number = kName.number) {
  return "Camera-Frame: boot=\"9f3a61c0e2b47d18\", number=" + std::to_string(number) + ", answer=" + word + "\r\n";
}

inline std::string kept(std::uint64_t number = kName.number) { return answer("201 Created", echo("kept", number)); }

class Sending : public ::testing::Test {
 protected:
  Sending() : body(1000, 'j') {
    for (std::size_t at = 0; at < body.size(); ++at) body[at] = static_cast<char>(at * 7 + at / 251);
    EXPECT_TRUE(uplink.set_server("http://archive.local:5555", "k3y"));
  }
  ~Sending() override {
    EXPECT_EQ(owner.lent, 0);
    EXPECT_FALSE(wire.was_misused);
  }

  /// Sends one frame and returns what became of it. Fails when that takes more steps than any server could ask for.
  Outcome send(std::uint64_t number = kName.number) {
    Frame frame = owner.lend(body, FrameName{kName.boot, number});
    return send(frame);
  }

  Outcome send(const Frame& frame) {
    began_ms = clock.now;
    uplink.start(frame, saying);
    EXPECT_TRUE(uplink.is_busy());
    return finish();
  }

  Outcome finish() {
    for (int steps = 0; steps < 2'000'000; ++steps) {
      if (uplink.step()) {
        EXPECT_FALSE(uplink.is_busy());
        EXPECT_FALSE(uplink.step());
        return uplink.outcome();
      }
      const std::uint32_t wait_ms = uplink.wait_ms();
      if (wait_ms != 0) wire.wait(wait_ms);
    }
    ADD_FAILURE() << "no end of it";
    return uplink.outcome();
  }

  void pass_backoff() { clock.now += uplink.ready_in_ms(); }

  std::string head_of(const std::string& request) const { return request.substr(0, request.find("\r\n\r\n") + 4); }
  std::string body_of(const std::string& request) const { return request.substr(request.find("\r\n\r\n") + 4); }

  FakeClock clock;
  FakeRandom random;
  FakeOwner owner;
  ScriptedTransport wire{clock};
  Uplink uplink{wire, clock, random};
  Saying saying{kName.boot, {}, {}};
  std::string body;
  std::uint64_t began_ms = 0;
};

}  // namespace camera::testing
