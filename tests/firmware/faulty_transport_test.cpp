// FaultyTransport: every fault of the twin's wire does what it says, and none of them makes an acknowledgement.
#include <gtest/gtest.h>

#include "Sending.h"
#include "twin/FaultyTransport.h"
#include "twin/WireFaults.h"

namespace camera::testing {
namespace {

TEST(WireFaults, AreReadFromOneLine) {
  const auto faults = read_wire_faults("cut=3000, lose, rate=1, chance=200, seed=7");
  ASSERT_TRUE(faults);
  EXPECT_EQ(faults->cut, 3000U);
  EXPECT_TRUE(faults->lose);
  EXPECT_EQ(faults->rate, 1U);
  EXPECT_EQ(faults->chance, 200U);
  EXPECT_EQ(faults->seed, 7U);
  EXPECT_TRUE(faults->is_any());
  EXPECT_FALSE(read_wire_faults("")->is_any());
  for (const char* const wrong : {"cut", "cut=-1", "lose=1", "typo", "rate=9999999999", "cut=1,", "black_hole=?2", "redirect=302"}) {
    EXPECT_FALSE(read_wire_faults(wrong)) << wrong;
  }
}

class Faulty : public ::testing::Test {
 protected:
  Faulty() {
    EXPECT_TRUE(uplink.set_server("http://archive.local", "k3y"));
    for (int at = 0; at < 100; ++at) {
      server.respond(answer("201 Created", "Connection: close\r\n" + echo("kept")));
      again.respond(answer("200 OK", "Connection: close\r\n" + echo("kept")));
    }
  }

  Outcome send(const char* faults, std::uint64_t number = kName.number) {
    wire.set(*read_wire_faults(faults));
    Frame frame = owner.lend(body, FrameName{kName.boot, number});
    clock.now += uplink.ready_in_ms();
    began_ms = clock.now;
    uplink.start(frame, Saying{});
    for (int steps = 0; steps < 1'000'000; ++steps) {
      if (uplink.step()) return uplink.outcome();
      wire.wait(uplink.wait_ms());
    }
    ADD_FAILURE() << "no end of it";
    return uplink.outcome();
  }

  FakeClock clock;
  FakeRandom random;
  FakeOwner owner;
  ScriptedTransport server{clock};
  ScriptedTransport again{clock};
  FaultyTransport wire{server, again, clock};
  Uplink uplink{wire, clock, random};
  std::string body = std::string(1000, 'j');
  std::uint64_t began_ms = 0;
};

TEST_F(Faulty, WithoutFaultsNothingChanges) {
  EXPECT_EQ(send("").result, SendResult::Kept);
  EXPECT_EQ(wire.faulty_connections(), 0U);
}

TEST_F(Faulty, CutAtByteNOnlySoMuchArrives) {
  for (const char* const faults : {"cut=0", "cut=1", "cut=100", "cut=1100"}) {
    EXPECT_EQ(send(faults).result, SendResult::Unreachable) << faults;
    const std::size_t n = std::stoul(std::string(faults).substr(4));
    std::size_t arrived = 0;
    for (const std::string& request : server.connections[server.opened - 1].requests) arrived += request.size();
    EXPECT_EQ(arrived, n);
  }
}

TEST_F(Faulty, ALostAnswerMeansTheRequestArrived) {
  EXPECT_EQ(send("lose").result, SendResult::Unreachable);
  EXPECT_EQ(server.requests().size(), 1U);
  EXPECT_EQ(server.requests()[0].substr(server.requests()[0].find("\r\n\r\n") + 4), body);
}

TEST_F(Faulty, ADuplicateIsTheSameRequestTwice) {
  EXPECT_EQ(send("duplicate").result, SendResult::Kept);
  EXPECT_EQ(wire.repeated(), 1U);
  EXPECT_EQ(again.requests(), server.requests());
}

TEST_F(Faulty, ReorderedTheRequestBeforeArrivesAfterThisOne) {
  send("reorder", 1);
  EXPECT_EQ(wire.repeated(), 0U);
  EXPECT_EQ(send("reorder", 182).result, SendResult::Kept);
  EXPECT_EQ(wire.repeated(), 1U);
  EXPECT_EQ(again.requests()[0], server.requests()[0]);
}

TEST_F(Faulty, ABlackHoleLastsUntilTheDeadline) {
  EXPECT_EQ(send("black_hole").result, SendResult::Timeout);
  EXPECT_EQ(clock.now - began_ms, 60'000U);
  EXPECT_EQ(server.opened, 0U);
}

TEST_F(Faulty, AByteASecondLastsUntilTheDeadline) {
  EXPECT_EQ(send("rate=1").result, SendResult::Timeout);
  EXPECT_LE(server.requests()[0].size(), 60U);
  EXPECT_GE(server.requests()[0].size(), 55U);
}

TEST_F(Faulty, ASlowWireIsOnlySlow) {
  EXPECT_EQ(send("rate=100").result, SendResult::Kept);
  EXPECT_GT(clock.now - began_ms, 10'000U);
}

TEST_F(Faulty, APortalAnswersButAcknowledgesNothing) {
  const Outcome outcome = send("portal");
  EXPECT_EQ(outcome.result, SendResult::NoEcho);
  EXPECT_EQ(outcome.status, 200);
  EXPECT_EQ(server.opened, 0U);
}

TEST_F(Faulty, AWarningAnswersButAcknowledgesNothing) {
  const Outcome outcome = send("warning");
  EXPECT_EQ(outcome.result, SendResult::NoEcho);
  EXPECT_EQ(outcome.status, 200);
  EXPECT_EQ(server.opened, 0U);
  EXPECT_EQ(send("").result, SendResult::Kept) << "over another connection, although that one stayed open";
}

TEST_F(Faulty, ARedirectLeadsToTheOtherHostWithoutTheKey) {
  for (const char* const faults : {"redirect=307", "redirect=308"}) {
    const std::size_t before = server.opened;
    EXPECT_EQ(send(faults).result, SendResult::Kept) << faults;
    EXPECT_EQ(server.opened - before, 1U);
    EXPECT_EQ(server.connections[before].host, "localhost");
    const std::string request = server.connections[before].requests[0];
    EXPECT_EQ(request.rfind("POST /api/frames HTTP/1.1\r\nHost: localhost\r\n", 0), 0U) << request;
    EXPECT_EQ(request.find("k3y"), std::string::npos);
    EXPECT_EQ(request.substr(request.find("\r\n\r\n") + 4), body);
  }
}

// As behind a tunnel that gives up after five seconds: the next frame finds that out, and goes over a new connection.
TEST_F(Faulty, AnIdleConnectionIsCutAndReplaced) {
  for (Connection& connection : server.connections) connection.exchanges = {{kept(1)}, {kept(2)}, {kept(3)}};
  EXPECT_EQ(send("idle_cut=5000", 1).result, SendResult::Kept);
  clock.now += 4000;
  EXPECT_EQ(send("idle_cut=5000", 2).result, SendResult::Kept);
  EXPECT_EQ(server.opened, 1U);
  clock.now += 5000;
  EXPECT_EQ(send("idle_cut=5000", 1).result, SendResult::Kept);

  EXPECT_EQ(server.opened, 2U);
  EXPECT_EQ(server.requests().size(), 3U);
}

TEST_F(Faulty, AnAnswerInABufferIsOnlyLate) {
  EXPECT_EQ(send("buffer=3000").result, SendResult::Kept);
  EXPECT_GE(clock.now - began_ms, 3000U);
  EXPECT_LT(clock.now - began_ms, 4000U);
}

TEST_F(Faulty, RefusedNothingConnects) { EXPECT_EQ(send("refuse").result, SendResult::Unreachable); }

TEST_F(Faulty, AMixDrawsOneFaultAtATimeAndTheSeedRepeatsIt) {
  const char* const faults = "cut_within=1500, lose, duplicate, portal, refuse, mix, chance=700, seed=5";
  std::string first;
  std::string second;
  for (std::string* const results : {&first, &second}) {
    wire.set(*read_wire_faults(faults));
    for (int at = 0; at < 40; ++at) {
      Frame frame = owner.lend(body, kName);
      clock.now += uplink.ready_in_ms();
      uplink.start(frame, Saying{});
      while (!uplink.step()) wire.wait(uplink.wait_ms());
      *results += uplink.outcome().result.c_str() + std::string(" ");
    }
  }
  EXPECT_EQ(first, second);
  for (const char* const seen : {"kept", "unreachable", "no-echo"}) EXPECT_NE(first.find(seen), std::string::npos);
}

}  // namespace
}  // namespace camera::testing
