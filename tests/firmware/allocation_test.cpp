// Nothing is allocated once an Uplink is built: every operator new and malloc of its work is counted.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "Sending.h"

// Where both are inlined the compiler sees malloc() under new and free() under delete, and calls that a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace {
std::size_t allocations = 0;
}

void* operator new(std::size_t size) {
  ++allocations;
  void* const memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}
void* operator new[](std::size_t size) { return ::operator new(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace camera::testing {
namespace {

/// A server that answers out of memory taken beforehand, so that only the core's allocations would count.
class FixedServer final : public Transport {
 public:
  Progress resolve(std::string_view, IpAddress& address) override {
    address = IpAddress{{10, 0, 0, 1}, 4, 0};
    return Progress::Done;
  }
  Progress connect(const Peer&) override {
    return turn_ % 5 == 4 ? Progress::Failed : Progress::Done;
  }
  Io send(Bytes bytes, bool) override {
    sent_ += bytes.size;
    return {Progress::Done, bytes.size};
  }
  Io receive(Room room) override {
    if (sent_ == 0) return {turn_ % 5 == 4 ? Progress::Closed : Progress::Pending, 0};
    const std::string_view rest = answers[turn_ % 5].substr(answered_);
    if (rest.empty()) return {Progress::Closed, 0};
    const std::size_t size = std::min(room.size, rest.size());
    std::copy_n(rest.begin(), size, room.data);
    answered_ += size;
    return {Progress::Done, size};
  }
  void close() override {}
  void wait(std::uint32_t) override {}

  /// The next request has the next answer, over whichever connection it comes.
  void next() {
    ++turn_;
    sent_ = answered_ = 0;
  }

  std::string_view answers[5];

 private:
  std::size_t turn_ = 0;
  std::size_t sent_ = 0;
  std::size_t answered_ = 0;
};

TEST(Allocation, AHundredThousandFramesAllocateNothing) {
  FakeClock clock;
  FakeRandom random;
  FakeOwner owner;
  FixedServer server;
  const std::string answers[] = {
      kept(), answer("503 Busy", echo("again") + "Retry-After: 1\r\n"), answer("200 OK", "", "<html>portal</html>"),
      answer("201 Created", echo("kept") + "Camera-Settings: version=8, size=\"SVGA\"\r\nCamera-Clock: now=5\r\n"),
      "SSH-2.0"};
  for (std::size_t at = 0; at < 5; ++at) server.answers[at] = answers[at];
  const std::string body(3000, 'j');
  Uplink uplink(server, clock, random);
  ASSERT_TRUE(uplink.set_server("http://archive.local", "k3y"));
  int kept_count = 0;

  const std::size_t before = allocations;
  for (std::uint64_t number = 0; number < 100'000; ++number) {
    server.next();
    Frame frame = owner.lend(body, kName);
    frame.sha256 = Sha256{};
    clock.now += uplink.ready_in_ms();
    uplink.start(frame, Saying{kName.boot, "rssi=-61", "boot=\"9f3a61c0e2b47d18\", from=1, to=2"});
    for (int steps = 0; steps < 1000 && !uplink.step(); ++steps) {
    }
    if (uplink.outcome().result == SendResult::Kept) ++kept_count;
  }
  const std::size_t during = allocations - before;

  EXPECT_EQ(during, 0U);
  EXPECT_EQ(kept_count, 40'000);
}

TEST(Allocation, IsCountedAtAll) {
  const std::size_t before = allocations;
  delete new std::string(100, 'x');
  EXPECT_GE(allocations - before, 2U);
}

TEST(Allocation, AnUplinkFitsWhereItMust) { EXPECT_LE(sizeof(Uplink), 10U * 1024U); }

}  // namespace
}  // namespace camera::testing
