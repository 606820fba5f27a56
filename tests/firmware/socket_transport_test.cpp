// SocketTransport and Uplink over real sockets of this machine, against servers that behave like the worst of them.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <thread>

#include "Sending.h"
#include "port/SocketTransport.h"

namespace camera::testing {
namespace {

class SteadyClock final : public Clock {
 public:
  std::uint64_t now_ms() override {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  }
  std::optional<std::uint64_t> unix_ms() override { return std::nullopt; }
  void set_unix_ms(std::uint64_t) override {}
};

/// Listens on loopback; every connection is played by the next of `scripts`, on one thread.
class Server {
 public:
  using Script = std::function<void(int)>;

  explicit Server(std::vector<Script> scripts) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    thread_ = std::thread([this, scripts = std::move(scripts)] {
      for (const Script& script : scripts) {
        const int connection = ::accept(listener_, nullptr, nullptr);
        if (connection < 0) return;
        const timeval patience{10, 0};  // no test may hang
        ::setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        script(connection);
        ::close(connection);
      }
    });
  }
  ~Server() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port); }

  std::uint16_t port = 0;

 private:
  int listener_;
  std::thread thread_;
};

void say(int connection, const std::string& text) {
  EXPECT_EQ(::send(connection, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}

/// One request, whole.
std::string hear(int connection) {
  std::string request;
  char room[65536];
  while (true) {
    const std::size_t head = request.find("\r\n\r\n");
    if (head != std::string::npos) {
      const std::size_t length = std::stoul(request.substr(request.find("Content-Length: ") + 16));
      if (request.size() >= head + 4 + length) return request;
    }
    const ssize_t size = ::recv(connection, room, sizeof room, 0);
    if (size <= 0) return request;
    request.append(room, static_cast<std::size_t>(size));
  }
}

void hear_some(int connection, std::size_t size) {
  std::string room(size, ' ');
  ::recv(connection, room.data(), size, MSG_WAITALL);
}

void until_closed(int connection) {
  char room[4096];
  while (::recv(connection, room, sizeof room, 0) > 0) {
  }
}

void reset(int connection) {
  const linger at_once{1, 0};
  ::setsockopt(connection, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

class OverSockets : public ::testing::Test {
 protected:
  Outcome send(const Server& server, std::size_t size, std::uint32_t request_ms = 20'000) {
    Uplink once(transport, clock, random, Uplink::Patience{request_ms, 5'000});
    EXPECT_TRUE(once.set_server(server.url(), "k3y"));
    const Outcome outcome = send(once, size);
    once.abandon();
    return outcome;
  }

  Outcome send(Uplink& uplink, std::size_t size) {
    body.assign(size, 'j');
    Frame frame = owner.lend(body, kName);
    uplink.start(frame, Saying{});
    for (int steps = 0; steps < 1'000'000; ++steps) {
      if (uplink.step()) return uplink.outcome();
      transport.wait(uplink.wait_ms());
    }
    ADD_FAILURE() << "no end of it";
    return uplink.outcome();
  }

  SteadyClock clock;
  FakeRandom random;
  FakeOwner owner;
  SocketTransport transport;
  std::string body;
};

TEST_F(OverSockets, ThreeFramesUseOneConnection) {
  std::vector<std::string> requests;
  Server server({[&](int connection) {
    for (int at = 0; at < 3; ++at) {
      requests.push_back(hear(connection));
      say(connection, kept());
    }
    until_closed(connection);
  }});
  Uplink uplink(transport, clock, random);
  ASSERT_TRUE(uplink.set_server(server.url(), ""));

  for (int at = 0; at < 3; ++at) EXPECT_EQ(send(uplink, 60'000).result, SendResult::Kept);

  uplink.abandon();
  ASSERT_EQ(requests.size(), 3U);
  for (const std::string& request : requests) EXPECT_EQ(request.substr(request.find("\r\n\r\n") + 4), body);
}

TEST_F(OverSockets, ContinueAndThenCreatedIsKept) {
  Server server({[](int connection) {
    say(connection, "HTTP/1.1 100 Continue\r\n\r\n");
    hear(connection);
    say(connection, kept());
    until_closed(connection);
  }});
  EXPECT_EQ(send(server, 200'000).result, SendResult::Kept);
}

TEST_F(OverSockets, A503IsHeardWhileNobodyReadsTheBody) {
  Server server({[](int connection) {
    say(connection, answer("503 Service Unavailable", "Retry-After: 7\r\n" + echo("again")));
    hear_some(connection, 1);
    until_closed(connection);
  }});

  const Outcome outcome = send(server, 900'000);

  EXPECT_EQ(outcome.result, SendResult::Again);
  EXPECT_EQ(outcome.status, 503);
  EXPECT_EQ(outcome.wait_ms, 7000U);
}

TEST_F(OverSockets, A413IsHeardEarlyAndAlsoBehindAFailedSend) {
  for (const std::size_t size : {3'000'000U, 9'000'000U}) {
    Server server({[](int connection) {
      hear_some(connection, 300);
      say(connection, answer("413 Content Too Large", "Connection: close\r\n" + echo("refused")));
    }});  // closes with the body unread: the system answers what still comes with a reset
    const Outcome outcome = send(server, size);
    EXPECT_EQ(outcome.result, SendResult::Refused) << outcome.why;
    EXPECT_EQ(outcome.status, 413);
  }
}

TEST_F(OverSockets, AResetInTheMiddleIsUnreachable) {
  Server server({[](int connection) {
    hear_some(connection, 50'000);
    reset(connection);
  }});
  EXPECT_EQ(send(server, 900'000).result, SendResult::Unreachable);
}

TEST_F(OverSockets, AnEndWithoutAnswerIsUnreachable) {
  Server server({[](int connection) { hear(connection); }});
  EXPECT_EQ(send(server, 1000).result, SendResult::Unreachable);
}

TEST_F(OverSockets, WhatIsNotHttpIsNoEcho) {
  Server server({[](int connection) {
    say(connection, "220 mail.example ESMTP\r\n");
    until_closed(connection);
  }});
  EXPECT_EQ(send(server, 1000).result, SendResult::NoEcho);
}

TEST_F(OverSockets, ARefusedConnectionIsUnreachable) {
  std::uint16_t port;
  {
    Server server({});
    port = server.port;
  }
  Uplink uplink(transport, clock, random);
  ASSERT_TRUE(uplink.set_server("http://127.0.0.1:" + std::to_string(port), ""));
  EXPECT_EQ(send(uplink, 1000).result, SendResult::Unreachable);
}

TEST_F(OverSockets, SilenceEndsAtTheDeadline) {
  Server server({until_closed});
  const std::uint64_t began_ms = clock.now_ms();

  EXPECT_EQ(send(server, 1000, 200).result, SendResult::Timeout);

  EXPECT_GE(clock.now_ms() - began_ms, 200U);
}

TEST_F(OverSockets, AServerThatReadsNothingIsLeftAtTheDeadline) {
  std::promise<void> over;
  Server server({[&](int) { over.get_future().wait(); }});

  EXPECT_EQ(send(server, 50'000'000, 300).result, SendResult::Timeout);

  over.set_value();
}

TEST_F(OverSockets, AStaleConnectionIsTriedOnceMore) {
  Server server({[](int connection) {
                   hear(connection);
                   say(connection, kept());
                   hear_some(connection, 10);  // the next request has begun
                   reset(connection);
                 },
                 [](int connection) {
                   hear(connection);
                   say(connection, kept());
                   until_closed(connection);
                 }});
  Uplink uplink(transport, clock, random);
  ASSERT_TRUE(uplink.set_server(server.url(), ""));

  EXPECT_EQ(send(uplink, 1000).result, SendResult::Kept);
  EXPECT_EQ(send(uplink, 500'000).result, SendResult::Kept);
  uplink.abandon();
}

TEST_F(OverSockets, NamesAreLookedUp) {
  Server server({[](int connection) {
    hear(connection);
    say(connection, kept());
    until_closed(connection);
  }});
  Uplink uplink(transport, clock, random);
  ASSERT_TRUE(uplink.set_server("http://localhost:" + std::to_string(server.port), ""));

  EXPECT_EQ(send(uplink, 1000).result, SendResult::Kept);
  EXPECT_EQ(uplink.last_good(), (IpAddress{{127, 0, 0, 1}, 4, 0}));
  uplink.abandon();
}

TEST_F(OverSockets, ANameThatThereIsNotIsUnreachable) {
  Uplink uplink(transport, clock, random, Uplink::Patience{20'000, 1'000});
  ASSERT_TRUE(uplink.set_server("http://no-such-host.invalid", ""));
  EXPECT_EQ(send(uplink, 1000).result, SendResult::Unreachable);
}

TEST_F(OverSockets, TlsIsAnotherTransportsBusiness) {
  Uplink uplink(transport, clock, random);
  ASSERT_TRUE(uplink.set_server("https://127.0.0.1:1", ""));
  EXPECT_EQ(send(uplink, 1000).result, SendResult::Unreachable);
}

}  // namespace
}  // namespace camera::testing
