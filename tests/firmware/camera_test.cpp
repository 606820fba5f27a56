// The whole camera under a clock that is moved: on time whatever the network does, and nothing forgotten without `kept`.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <new>
#include <set>

#include "World.h"
#include "port/PosixFiles.h"

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

constexpr std::uint64_t kHourMs = 3'600'000, kMinuteMs = 60'000;

/// The numbers that are neither kept nor confessed, below the highest that is one of both.
std::string holes(const WorldTransport& wire) {
  std::set<std::uint64_t> known(wire.order.begin(), wire.order.end());
  for (const std::string& lost : wire.losts) {
    const std::uint64_t from = std::strtoull(lost.c_str() + lost.find("from=") + 5, nullptr, 10);
    const std::uint64_t to = std::strtoull(lost.c_str() + lost.find("to=") + 3, nullptr, 10);
    for (std::uint64_t number = from; number <= to; ++number) known.insert(number);
  }
  std::string missing;
  for (std::uint64_t number = 0; !known.empty() && number < *known.rbegin(); ++number)
    if (known.count(number) == 0) missing += std::to_string(number) + " ";
  return missing;
}

class EveryWay : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Spool, EveryWay, ::testing::Bool(), [](const auto& way) { return way.param ? "card" : "flash"; });

// Frames by interval are taken within one tick of their moment, whatever the network does.
TEST_P(EveryWay, TakesOnTimeWhateverTheNetworkDoes) {
  for (const Archive archive : {Archive::Keeps, Archive::Silent, Archive::Refused, Archive::Portal, Archive::PutsOff}) {
    World world;
    world.transport.archive = archive;
    Start start(world, GetParam());
    constexpr std::uint64_t kTickMs = 20;
    std::uint64_t taken = 0, due_ms = 0;

    for (; world.clock.now < kHourMs / 4; world.clock.now += kTickMs) {
      start.camera->step_taking();
      start.camera->step_keeping();
      if (start.camera->taken() == taken) continue;
      taken = start.camera->taken();
      EXPECT_LE(world.clock.now, due_ms + kTickMs) << "frame " << taken << ", archive " << static_cast<int>(archive);
      due_ms += 30'000;
    }

    EXPECT_EQ(taken, 30u);
    EXPECT_LE(world.source.lent, 1);
  }
}

// F1, F6: the wire is down for an hour, connecting fails again and again; no buffer is missing, the numbers have no
// hole, and all of them are kept later, once.
TEST_P(EveryWay, KeepsEverythingOfAnHourWithoutAWire) {
  World world;
  world.transport.archive = Archive::Refused;
  Start start(world, GetParam());
  start.run(kHourMs);
  EXPECT_GE(world.transport.connects, 50u);
  EXPECT_EQ(world.source.lent, 0);
  EXPECT_EQ(start.camera->taken(), 120u);

  world.transport.archive = Archive::Keeps;
  start.run(10 * kMinuteMs);

  for (std::uint64_t number = 0; number < 120; ++number) EXPECT_EQ(world.transport.times_kept(number), 1u) << number;
  EXPECT_TRUE(start.camera->is_drained());
}

// F8: one refused frame holds up nothing behind it, and its number is confessed with the next one.
TEST_P(EveryWay, IsNotHeldUpByARefusedFrame) {
  World world;
  world.transport.refuses_number = 3;
  Start start(world, GetParam());

  start.run(5 * kMinuteMs);

  for (std::uint64_t number = 0; number < 9; ++number) EXPECT_EQ(world.transport.times_kept(number), number != 3) << number;
  EXPECT_TRUE(start.camera->is_drained()) << "the loss was confessed";
  std::size_t refused = 0;
  for (const auto& [name, file] : world.fake_files.files) refused += name.find("/refused/") != std::string::npos;
  EXPECT_EQ(refused, 1u) << "it is set aside, not thrown away";
}

// One frame that the archive puts off for ever does not hold up those behind it either, and is not lost.
TEST(Camera, IsNotHeldUpByAFrameThatIsPutOff) {
  World world;
  world.transport.puts_off_number = 3;
  Start start(world);

  start.run(30 * kMinuteMs);

  for (std::uint64_t number = 0; number < 50; ++number) EXPECT_EQ(world.transport.times_kept(number), number != 3) << number;
  ASSERT_GE(start.camera->spool().size(), 1u);
  EXPECT_EQ(start.camera->spool().at(0).name.number, 3u);
}

// Nor one that gets no word from the archive (a proxy's 413, an error there, too slow a wire), whether frames go on being
// taken or not.
TEST_P(EveryWay, IsNotHeldUpByAFrameWithoutAnEcho) {
  for (const bool goes_on : {true, false}) {
    World world;
    world.transport.chokes_on_number = 3;
    world.transport.archive = Archive::Refused;
    Start start(world, GetParam());
    start.run(10 * kMinuteMs);
    world.transport.archive = Archive::Keeps;
    const std::uint64_t taken = start.camera->taken();

    for (int i = 0; i < 36'000; ++i) {
      if (goes_on) start.camera->step_taking();
      for (int step = 0; step < 8; ++step) start.camera->step_keeping();
      world.clock.now += 100;
    }

    for (std::uint64_t number = 0; number < taken; ++number)
      EXPECT_EQ(world.transport.times_kept(number), number != 3) << number;
    EXPECT_EQ(start.camera->losses().lost(), 0u);
  }
}

// A camera that sleeps stays awake for those behind it.
TEST(Camera, IsNotHeldUpThoughItSleeps) {
  World world("interval_s=600, size=\"QVGA\", settle_ms=0, settle_frames=0, sleep=?1");
  world.transport.chokes_on_number = 0;
  world.transport.archive = Archive::Refused;
  for (int wake = 0; wake < 5; ++wake) ASSERT_TRUE(Start(world).sleep());
  world.transport.archive = Archive::Keeps;

  ASSERT_TRUE(Start(world).sleep());

  EXPECT_EQ(std::set<std::uint64_t>(world.transport.order.begin(), world.transport.order.end()),
            (std::set<std::uint64_t>{1, 2, 3, 4, 5}));
}

// A camera without card and flash is not held up either.
TEST(Camera, IsNotHeldUpInItsRing) {
  World world;
  world.transport.chokes_on_number = 3;
  Start start(world, false, 1, nullptr);

  start.run(30 * kMinuteMs);

  for (std::uint64_t number = 0; number < 25; ++number) EXPECT_EQ(world.transport.times_kept(number), number != 3) << number;
}

// F9, F10: an answer without the echo of this frame deletes nothing, not even through a power cut.
TEST_P(EveryWay, ForgetsNothingForAPortal) {
  World world;
  world.transport.archive = Archive::Portal;
  {
    Start start(world, GetParam());
    start.run(10 * kMinuteMs);
    EXPECT_EQ(start.camera->kept(), 0u);
  }
  world.boot_memory = BootMemory();  // the power went
  world.transport.archive = Archive::Keeps;
  Start start(world, GetParam());

  start.run(10 * kMinuteMs);

  for (std::uint64_t number = 0; number < 20; ++number)
    EXPECT_GE(world.transport.times_kept(number) + start.camera->losses().lost(), 1u) << number;
  EXPECT_GE(world.transport.order.size(), 38u);
}

// A card that cannot be read for a few seconds costs no frame; afterwards all of them go.
TEST(Camera, OutwaitsACardThatCannotBeReadForAMoment) {
  World world;
  world.transport.archive = Archive::Refused;
  Start start(world);
  start.run(5 * kMinuteMs);
  world.transport.archive = Archive::Keeps;
  world.fake_files.are_pictures_unreadable = true;
  start.run(6000, 10);
  world.fake_files.are_pictures_unreadable = false;

  start.run(10 * kMinuteMs);

  for (std::uint64_t number = 0; number < 10; ++number) EXPECT_EQ(world.transport.times_kept(number), 1u) << number;
  EXPECT_TRUE(start.camera->is_drained());
}

// The newest goes first, and in the gaps the backlog goes oldest first.
TEST(Camera, SendsTheNewestFirstAndThenTheOldest) {
  World world;
  world.transport.archive = Archive::Refused;
  Start start(world);
  start.run(5 * kMinuteMs);
  const std::uint64_t backlog = start.camera->taken();
  world.transport.archive = Archive::Keeps;
  world.transport.order.clear();

  while (start.camera->taken() == backlog) start.run(100);
  start.run(2 * kMinuteMs);

  const auto& order = world.transport.order;
  const auto newest = std::find(order.begin(), order.end(), backlog);
  ASSERT_NE(newest, order.end());
  std::vector<std::uint64_t> others;
  for (const std::uint64_t number : order)
    if (number < backlog) others.push_back(number);
  EXPECT_TRUE(std::is_sorted(others.begin(), others.end())) << "the backlog in order";
  EXPECT_EQ(others.size(), backlog);
}

// F11: without network, card and set-up it starts all the same, and takes.
TEST(Camera, StartsWithNothing) {
  World world;
  world.notes.notes.clear();
  world.radio.up = false;
  Start start(world, true, 1, nullptr);

  start.run(5 * kMinuteMs);

  EXPECT_GE(start.camera->taken(), 9u);
  EXPECT_FALSE(start.camera->spool().is_open());
}

// F12: a driver that gives nothing from the first call on climbs the ladder, and every missed shot is confessed.
TEST(Camera, ClimbsTheLadderOfADeadSensor) {
  World world;
  world.source.is_dead = true;
  Start start(world);
  start.run(5 * kMinuteMs);
  EXPECT_GE(world.source.reinits, 1);
  EXPECT_GE(world.source.power_cycles, 1);
  EXPECT_EQ(world.machine.restarts, 1);
  EXPECT_EQ(world.notes.notes["sensor"], "1");

  world.source.is_dead = false;
  start.run(10 * kMinuteMs);

  EXPECT_TRUE(start.camera->is_drained()) << "the losses were confessed";
  EXPECT_GT(world.transport.order.size(), 10u);
  EXPECT_GT(start.camera->taken(), world.transport.order.size()) << "a shot that failed has a number too";
}

// Restarts for the sensor's sake are counted in a row: once it has worked, the next dead one gets all of them.
TEST(Camera, CountsRestartsForItsSensorInARow) {
  World world;
  world.notes.notes["sensor"] = "3";
  Start start(world, true, 1000, "/spool", 1'000'000, 3);
  start.run(kMinuteMs);
  EXPECT_EQ(world.notes.notes.count("sensor"), 0u);

  world.source.is_dead = true;
  start.run(10 * kMinuteMs);

  EXPECT_EQ(world.notes.notes["sensor"], "1");
  EXPECT_EQ(world.machine.restarts, 1);
}

// A camera whose sensor is dead is heard of all the same: what ails it, and every number it could not fill.
TEST(Camera, ReportsADeadSensor) {
  World world;
  world.source.is_dead = true;
  world.source.fault_text = "no sensor answers";
  Start start(world);

  start.run(kHourMs, 500);

  EXPECT_NE(std::strstr(world.transport.report_head, "sensor_fault=\"no sensor answers\""), nullptr);
  EXPECT_EQ(std::strstr(world.transport.report_head, "Camera-Frame"), nullptr);
  EXPECT_EQ(holes(world.transport), "");
  EXPECT_LE(start.camera->losses().lost(), 4u) << "the rest is confessed";
  EXPECT_GE(world.transport.reports, 20u);
  EXPECT_LE(world.transport.reports, 120u);
}

// A refused frame whose number cannot be written down is not sent again and again meanwhile.
TEST_P(EveryWay, SendsARefusedFrameSeldomWhileTheCardIsDead) {
  World world;
  world.transport.archive = Archive::Refuses;
  Start start(world, GetParam());
  start.run(1000);
  world.fake_files.fail_at = world.fake_files.calls + 1;
  world.fake_files.fail_until = UINT64_MAX;
  const std::uint64_t before = world.transport.requests;

  start.run(2 * kMinuteMs);

  EXPECT_LE(world.transport.requests - before, 20u);
}

// One that never can give a frame (no PSRAM, no JPEG) keeps its own sentence, and nothing is restarted for its sake.
TEST(Camera, LeavesAHopelessSensorAlone) {
  World world("interval_s=60, size=\"QVGA\", settle_ms=0, settle_frames=0, sleep=?1");
  world.source.is_dead = world.source.is_hopeless = true;
  world.source.fault_text = "no PSRAM: board s3-devcam has it quad";
  for (int wake = 0; wake < 10; ++wake) {
    Start start(world);
    const std::uint64_t woke_ms = world.clock.now;
    ASSERT_TRUE(start.sleep());
    EXPECT_EQ(start.camera->facts().sensor_fault, world.source.fault_text);
    EXPECT_LE(world.clock.now - woke_ms, 60'000u) << "and it does not stay awake for it";
  }

  EXPECT_NE(std::strstr(world.transport.report_head, "sensor_fault=\"no PSRAM: board"), nullptr);
  EXPECT_EQ(world.source.reinits + world.source.power_cycles + world.machine.restarts, 0);
  EXPECT_EQ(holes(world.transport), "");
  EXPECT_EQ(world.transport.losts.size(), 10u);
}

// However often a sensor fails, there is a report a minute at most, of all that it missed.
TEST(Camera, GathersWhatItReports) {
  World world("interval_s=1, size=\"QVGA\", settle_ms=0, settle_frames=0");
  world.source.is_dead = world.source.is_hopeless = true;
  Start start(world);

  start.run(kHourMs);

  EXPECT_GE(start.camera->taken(), 3600u);
  EXPECT_LE(world.transport.reports, 61u);
  EXPECT_LE(start.camera->losses().lost(), 61u);
}

// A camera of buttons is seen to live while it is awake, and hears what its owner wants.
TEST(Camera, ReportsEveryTenMinutesOfSilence) {
  World world("interval_s=0, size=\"QVGA\", settle_ms=0, settle_frames=0");
  Start start(world);
  start.run(kHourMs + 1000);
  EXPECT_EQ(world.transport.reports, 6u);
  EXPECT_NE(std::strstr(world.transport.report_head, "number=5"), nullptr) << "they are counted";

  world.transport.more = "Camera-Settings: version=3, interval_s=0, size=\"QVGA\", settle_ms=0, settle_frames=0, shot=1\r\n";
  start.run(11 * kMinuteMs);

  EXPECT_EQ(world.transport.order.size(), 1u);
}

// While frames go out they carry it all, and there is nothing to report.
TEST(Camera, ReportsNothingBesideItsFrames) {
  World world;
  world.transport.refuses_number = 5;
  Start start(world);

  start.run(kHourMs);

  EXPECT_EQ(world.transport.reports, 0u);
  EXPECT_TRUE(start.camera->is_drained());
}

// Whatever answers in the archive's stead, a loss is confessed until a report or a frame was kept.
TEST(Camera, ForgetsNoLossForAPortal) {
  World world;
  world.source.is_dead = true;
  world.transport.archive = Archive::Portal;
  Start start(world);
  start.run(10 * kMinuteMs);
  const std::uint64_t lost = start.camera->losses().lost();
  EXPECT_GE(lost, 9u);

  world.transport.archive = Archive::Refuses;
  start.run(30 * kMinuteMs);
  EXPECT_GE(start.camera->losses().lost(), lost);
  world.transport.archive = Archive::Keeps;
  start.run(20 * kMinuteMs);

  EXPECT_LE(start.camera->losses().lost(), 4u);
  EXPECT_EQ(holes(world.transport), "");
}

// F5: a frame that was queued before the trigger is passed over.
TEST(Camera, TakesNoStaleFrame) {
  World world;
  Start start(world);
  start.run(kMinuteMs);
  world.source.stale = 1;
  world.source.stale_up_ms = world.clock.now;
  const std::uint64_t taken = start.camera->taken();
  world.clock.now += 30'000;

  start.run(1000);

  EXPECT_EQ(start.camera->taken(), taken + 1);
  const char* up = std::strstr(world.transport.head, "up=");
  ASSERT_NE(up, nullptr);
  EXPECT_GT(std::strtoull(up + 3, nullptr, 10), world.source.stale_up_ms);
}

// A full ring and a dead card: numbers go on, none is left out, and all are confessed once the card is gone for good.
TEST(Camera, CountsWhatNothingCouldHold) {
  World world;
  world.transport.archive = Archive::Refused;
  Start start(world, true, 1000, "/spool", 20'000);
  start.run(kMinuteMs);
  world.fake_files.fail_at = 1;  // and from now on
  world.fake_files.fail_until = UINT64_MAX;
  start.run(kHourMs);
  const std::uint64_t taken = start.camera->taken();
  EXPECT_EQ(taken, 122u);

  world.fake_files.fail_at = 0;
  world.transport.archive = Archive::Keeps;
  start.run(kHourMs);

  EXPECT_TRUE(start.camera->is_drained());
  std::uint64_t kept = 0;
  for (std::uint64_t number = 0; number < taken; ++number) kept += world.transport.times_kept(number);
  EXPECT_GE(kept, 4u);
  EXPECT_LT(kept, taken);
}

// Settings come with an answer, count at once, and are written down when the next frame is kept.
TEST(Camera, ConfirmsSettingsByTheNextKept) {
  World world;
  world.transport.more = "Camera-Settings: version=8, interval_s=10, size=\"QVGA\", settle_ms=0, settle_frames=0\r\n";
  Start start(world);

  start.run(kMinuteMs);

  EXPECT_NE(world.notes.notes["settings"].find("version=8"), std::string::npos);
  EXPECT_NE(world.notes.notes["settings"].find("interval_s=10"), std::string::npos);
  EXPECT_GE(start.camera->taken(), 5u);
  EXPECT_NE(std::strstr(world.transport.head, "settings=8"), nullptr);
}

// Settings under which no frame arrives any more are taken back, and not tried again.
TEST(Camera, RevertsSettingsUnderWhichNothingIsKept) {
  World world;
  Start start(world);
  start.run(kMinuteMs);
  world.notes.is_broken = true;  // as good as a camera that hangs: the trial can never be confirmed
  world.transport.more = "Camera-Settings: version=8, interval_s=5, size=\"QVGA\", settle_ms=0, settle_frames=0\r\n";
  while (std::strstr(world.transport.head, "settings=8") == nullptr && world.clock.now < 5 * kMinuteMs) start.run(1000);
  world.transport.more.clear();
  start.run(kHourMs);
  EXPECT_NE(std::strstr(world.transport.head, "settings=0"), nullptr);

  world.transport.more = "Camera-Settings: version=8, interval_s=5\r\n";
  start.run(5 * kMinuteMs);

  EXPECT_NE(std::strstr(world.transport.head, "settings=0"), nullptr);
  EXPECT_NE(std::strstr(world.transport.head, "settings_refused=8"), nullptr);
}

constexpr const char* kOffer = "Camera-Settings: version=8, interval_s=0, quality=20, size=\"QVGA\", settle_ms=0, settle_frames=0, delay1_s=0\r\n";

// A camera that sleeps takes on new settings before it sleeps again.
TEST(Camera, ConfirmsSettingsBeforeItSleeps) {
  World world("interval_s=60, size=\"QVGA\", settle_ms=0, settle_frames=0, sleep=?1");
  world.transport.more = "Camera-Settings: version=8, interval_s=120, size=\"QVGA\", settle_ms=0, settle_frames=0, sleep=?1\r\n";
  Start start(world);

  for (int i = 0; i < 1000 && !start.camera->may_sleep_until(); ++i) start.run(100);

  EXPECT_TRUE(start.camera->may_sleep_until());
  EXPECT_NE(world.notes.notes["settings"].find("version=8"), std::string::npos);
  EXPECT_LT(world.clock.now, kMinuteMs);
}

// A camera of buttons alone, which may not shoot for months, takes on new settings all the same.
TEST(Camera, ConfirmsSettingsWithoutWaitingForAButton) {
  World world("interval_s=0, size=\"QVGA\", settle_ms=0, settle_frames=0, delay1_s=0");
  world.transport.more = kOffer;
  Start start(world);
  start.run(1000);
  world.pins.level = 1;
  start.run(500);
  world.pins.level = 0;

  start.run(kMinuteMs);

  EXPECT_NE(world.notes.notes["settings"].find("version=8"), std::string::npos);
  EXPECT_EQ(world.transport.order.size(), 2u) << "the button's frame, and one to prove the settings";
}

// Settings that met a bad network are tried again later, a restart in between or not; ever more seldom.
TEST(Camera, TriesSettingsAgainAfterABadNetwork) {
  World world;
  {
    Start start(world);
    world.transport.more = kOffer;
    while (world.transport.order.empty()) start.run(10, 10, 1);
    world.transport.archive = Archive::Portal;
    start.run(20 * kMinuteMs);
    EXPECT_EQ(world.notes.notes["refused"].rfind("version=8, times=1", 0), 0u);
    world.transport.archive = Archive::Keeps;
    start.run(20 * kMinuteMs);
    EXPECT_EQ(world.notes.notes["settings"].find("version=8"), std::string::npos) << "not before an hour has passed";
  }
  Start start(world);

  start.run(kHourMs);

  EXPECT_NE(world.notes.notes["settings"].find("version=8"), std::string::npos);
  EXPECT_EQ(world.notes.notes.count("refused"), 0u);
}

// `Camera-Clock` sets a clock that knows nothing; frames taken before are dated by `up` and `now`.
TEST(Camera, SetsItsClockByTheArchive) {
  World world;
  world.transport.more = "Camera-Clock: now=1795345345880\r\n";
  Start start(world);

  start.run(10'000);
  EXPECT_EQ(std::strstr(world.transport.head, "taken="), nullptr);
  start.run(kMinuteMs);

  EXPECT_NE(std::strstr(world.transport.head, "taken="), nullptr);
}

// A wake goes on with boot and numbers; only a cold start begins a new boot.
TEST(Camera, GoesOnThroughDeepSleep) {
  World world("interval_s=60, size=\"QVGA\", settle_ms=0, settle_frames=0, sleep=?1");
  std::vector<std::uint64_t> boots;
  for (int wake = 0; wake < 5; ++wake) {
    Start start(world);
    for (int i = 0; i < 1000 && !start.camera->may_sleep_until(); ++i) start.run(100);
    const auto until = start.camera->may_sleep_until();
    ASSERT_TRUE(until);
    boots.push_back(world.boot_memory.boot);
    world.clock.now = *until;
  }

  EXPECT_EQ(world.transport.order, (std::vector<std::uint64_t>{0, 1, 2, 3, 4}));
  for (const std::uint64_t boot : boots) EXPECT_EQ(boot, boots[0]);
}

// Out of Wi-Fi's reach a camera sleeps all the same, after half a minute, and what it took waits on the card.
TEST(Camera, SleepsOutOfReach) {
  World world("interval_s=600, size=\"QVGA\", settle_ms=0, settle_frames=0, sleep=?1");
  world.radio.up = false;
  for (int wake = 0; wake < 5; ++wake) {
    Start start(world);
    const std::uint64_t woke_ms = world.clock.now;
    const auto until = start.run_until_sleepy();
    ASSERT_TRUE(until);
    EXPECT_LE(world.clock.now - woke_ms, 31'000u);
    world.clock.now = *until;
  }
  world.radio.up = true;
  Start start(world);

  ASSERT_TRUE(start.run_until_sleepy());

  EXPECT_EQ(world.transport.order.size(), 6u);
}

// Numbers that found no slot in a full ring are not slept away.
TEST(Camera, ConfessesThroughSleepWhatFoundNoSlot) {
  World world("interval_s=30, size=\"QVGA\", settle_ms=0, settle_frames=0, sleep=?1");
  world.transport.archive = Archive::Refused;
  {
    Start start(world);
    world.fake_files.fail_at = world.fake_files.calls + 1;
    world.fake_files.fail_until = UINT64_MAX;
    start.run(40 * 30'000ULL);  // 40 frames for 32 slots
    world.fake_files.fail_at = 0;
    world.transport.archive = Archive::Keeps;
    for (int i = 0; i < 3000 && !start.camera->may_sleep_until(); ++i) start.run(10, 10);
    ASSERT_TRUE(start.sleep());
  }
  for (int wake = 0; wake < 5; ++wake) ASSERT_TRUE(Start(world).sleep());

  EXPECT_EQ(holes(world.transport), "");
  EXPECT_GE(world.transport.order.size(), 35u);
}

// What no card and no flash holds goes through deep sleep with the boot, and is confessed in the end.
TEST(Camera, CarriesThroughSleepWhatIsWrittenDownNowhere) {
  World world("interval_s=600, size=\"QVGA\", settle_ms=0, settle_frames=0, sleep=?1");
  world.source.is_dead = true;
  world.radio.up = false;
  for (int wake = 0; wake < 3; ++wake) {
    Start start(world, true, 1, nullptr);
    start.run(30'000);
    ASSERT_TRUE(start.sleep());
  }
  EXPECT_EQ(world.boot_memory.carried_count, 1u) << "what lies side by side is one range";
  world.source.is_dead = false;
  world.radio.up = true;

  for (int wake = 0; wake < 2; ++wake) ASSERT_TRUE(Start(world, true, 1, nullptr).sleep());

  EXPECT_EQ(holes(world.transport), "");
  EXPECT_EQ(world.boot_memory.carried_count, 0u);
}

// A button's shot fires at its moment through deep sleep, whether or not a clock was known at the press.
TEST(Camera, FiresAButtonsShotThroughDeepSleep) {
  for (const char* clock : {"", "Camera-Clock: now=1795345345880\r\n"}) {
    World world("interval_s=600, size=\"QVGA\", settle_ms=0, settle_frames=0, sleep=?1, delay1_s=3600");
    world.transport.more = clock;
    for (int wake = 0; wake < 12; ++wake) {
      Start start(world);
      if (wake == 0) start.run(10), world.pins.level = 1, start.run(10), world.pins.level = 0;
      for (int i = 0; i < 1000 && !start.camera->may_sleep_until(); ++i) start.run(100);
      const auto until = start.camera->may_sleep_until();
      ASSERT_TRUE(until);
      if (*until > 2 * kHourMs) break;
      world.clock.now = *until;
    }

    EXPECT_EQ(world.notes.notes.count("pending"), 0u) << world.notes.notes["pending"];
    EXPECT_GE(world.transport.order.size(), 8u);
  }
}

// A restart while exposure settles does not forget what a button has promised.
TEST(Camera, TakesAButtonsShotAgainAfterARestartInTheMiddle) {
  World world("interval_s=0, size=\"QVGA\", settle_ms=5000, settle_frames=0, delay1_s=0");
  {
    Start start(world);
    start.run(100);
    world.pins.level = 1;
    start.run(1000);
    world.pins.level = 0;
    ASSERT_TRUE(start.camera->is_taking());
  }
  world.boot_memory = BootMemory();
  Start start(world);

  start.run(10'000);

  EXPECT_EQ(world.transport.order.size(), 1u);
  EXPECT_EQ(world.notes.notes.count("pending"), 0u);
}

// Ten minutes without any network, and a camera is cut off, until one is there; a silent archive is none of that.
TEST(Camera, IsCutOffWithoutANetwork) {
  World world;
  world.transport.archive = Archive::Silent;
  Start start(world);
  start.run(kHourMs, 1000);
  EXPECT_FALSE(start.camera->is_cut_off());
  world.radio.up = false;
  start.run(9 * kMinuteMs, 1000);
  EXPECT_FALSE(start.camera->is_cut_off());
  start.run(2 * kMinuteMs, 1000);
  EXPECT_TRUE(start.camera->is_cut_off());
  const std::uint64_t taken = start.camera->taken();

  start.run(kMinuteMs, 1000);
  EXPECT_EQ(start.camera->taken(), taken + 2) << "and goes on taking";
  world.radio.up = true;
  start.run(1000);

  EXPECT_FALSE(start.camera->is_cut_off());
}

// A start at which nobody answers for the archive's name finds it where it was; for another archive that says nothing.
TEST(Camera, RemembersWhereTheArchiveWas) {
  World world;
  {
    Start start(world);
    start.run(10 * kMinuteMs);
    EXPECT_EQ(world.notes.writes["address"], 1) << "written down when it changes alone";
  }
  world.boot_memory = BootMemory();
  world.transport.is_nameless = true;
  {
    Start start(world);
    start.run(kMinuteMs);
    EXPECT_GE(start.camera->kept(), 2u);
    EXPECT_EQ(world.transport.peer_address, (IpAddress{{10, 0, 0, 1}, 4, 0}));
  }
  world.notes.notes["server"] = "url=\"http://elsewhere.local\", key=\"k3y\"";
  Start start(world);

  start.run(kMinuteMs);

  EXPECT_EQ(start.camera->kept(), 0u);
}

std::string key_of(const World& world) {
  const char* key = std::strstr(world.transport.head, "Authorization: Bearer ");
  return key == nullptr ? "" : std::string(key + 22, std::strcspn(key + 22, "\r"));
}

// A camera without a key draws its own and asks with it, by reports alone: its frames wait, and go when it is let in.
TEST_P(EveryWay, AsksToBeLetInAndKeepsItsFrames) {
  World world;
  world.notes.notes["server"] = "url=\"http://archive.local\"";
  world.notes.notes["camera"] = "id=\"garden\", board=\"xiao-esp32s3-sense\"";
  world.transport.archive = Archive::Pending;
  Start start(world, GetParam());
  start.run(10 * kMinuteMs);

  const std::string key = key_of(world);
  EXPECT_EQ(key.size(), Installation::kOwnKeyLetters);
  EXPECT_EQ(key.rfind("cam_", 0), 0u) << key;
  EXPECT_EQ(world.transport.requests, world.transport.reports) << "no frame is sent in vain";
  EXPECT_NEAR(static_cast<double>(world.transport.reports), 40.0, 5.0) << "as often as it was told to ask, not ever more seldom";
  EXPECT_NE(std::strstr(world.transport.head, "Camera-Status: id=\"garden\""), nullptr);
  EXPECT_NE(std::strstr(world.transport.head, "board=\"xiao-esp32s3-sense\""), nullptr);
  const SetupFacts facts = start.camera->facts();
  EXPECT_TRUE(facts.is_joining);
  EXPECT_EQ(facts.key_end, key.substr(key.size() - 4));
  EXPECT_EQ(world.log.last.view(), "the archive has yet to let this camera in; its key ends in " + key.substr(key.size() - 4));

  world.transport.archive = Archive::Keeps;
  start.run(2 * kMinuteMs);

  EXPECT_FALSE(start.camera->facts().is_joining);
  EXPECT_EQ(world.log.last.view(), "the archive lets this camera in");
  EXPECT_GE(start.camera->kept(), start.camera->taken() - 1);
  EXPECT_EQ(holes(world.transport), "");
  EXPECT_EQ(key_of(world), key);
}

// The key is durable before it is shown, the same at every start, and after the first that let it in frames go at once.
TEST(Camera, KeepsTheKeyItDrew) {
  World world;
  world.notes.notes["server"] = "url=\"http://archive.local\"";
  world.notes.is_broken = true;
  std::string key;
  {
    Start start(world);
    start.run(5 * kMinuteMs);
    EXPECT_EQ(world.transport.requests, 0u) << "a key that the next power cut forgets is shown to nobody";
    world.notes.is_broken = false;
    start.run(5 * kMinuteMs);
    key = key_of(world);
    EXPECT_NE(world.notes.notes["key"].find(key), std::string::npos);
    EXPECT_GE(start.camera->kept(), 1u);
  }
  world.boot_memory = BootMemory();
  const std::uint64_t before = world.transport.reports;
  Start start(world);

  start.run(kMinuteMs);

  EXPECT_EQ(key_of(world), key);
  EXPECT_EQ(world.transport.reports, before);
  EXPECT_EQ(world.notes.writes["key"], 2) << "drawn, and let in";
}

// A key whose right has ended is shown by reports too; a new one set up over USB counts at once, and no frame is lost.
TEST_P(EveryWay, OutlivesTheEndOfItsKey) {
  World world;
  Start start(world, GetParam());
  start.run(5 * kMinuteMs);
  world.transport.archive = Archive::Revoked;
  start.run(5 * kMinuteMs);
  EXPECT_TRUE(start.camera->facts().is_joining);
  EXPECT_LE(world.transport.requests - world.transport.reports - start.camera->kept(), 1u) << "one frame, which heard it";

  world.notes.notes["server"] = "url=\"http://archive.local\", key=\"n3w\"";
  world.transport.archive = Archive::Keeps;
  start.camera->install();
  start.run(5 * kMinuteMs);

  EXPECT_EQ(key_of(world), "n3w");
  EXPECT_GE(start.camera->kept(), start.camera->taken() - 1);
  EXPECT_EQ(holes(world.transport), "");
}

constexpr const char* kGivenKey = "cam_0a1b2c3d_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// What the last report said in Camera-Key, and the prefix in it; empty: none.
std::string next_key_of(const World& world) {
  const char* said = std::strstr(world.transport.report_head, "Camera-Key: ");
  return said == nullptr ? "" : std::string(said + 12, std::strcspn(said + 12, "\r"));
}
std::string prefix_in(const std::string& said) { return said.substr(said.find("prefix=\"") + 8, 8); }

// The archive wants another key: the camera draws it, tells its hash alone, goes on with the old one, and shows the new one
// from the moment the archive has said that it knows it. A key given over USB ends so too, and no frame waits.
TEST_P(EveryWay, RenewsItsKeyWithOverlap) {
  for (const bool is_given : {true, false}) {
    World world;
    world.notes.notes["server"] = std::string("url=\"http://archive.local\"") + (is_given ? ", key=\"" + std::string(kGivenKey) + "\"" : "");
    Start start(world, GetParam());
    start.run(2 * kMinuteMs);
    const std::string before = key_of(world);
    world.transport.more = "Camera-Key: renew=\"" + before.substr(4, 8) + "\"\r\n";
    start.run(2 * kMinuteMs);
    const std::string said = next_key_of(world);
    ASSERT_NE(said, "");
    EXPECT_EQ(key_of(world), before) << "until the archive knows the other";
    const std::string next = world.notes.notes["nextkey"];
    FixedText<128> expected;
    write_next_key(expected, next.substr(4, 8), world.digest.sha256(Bytes{reinterpret_cast<const std::uint8_t*>(next.data()), next.size()}));
    EXPECT_EQ(said, expected.view());

    world.transport.more = "Camera-Key: taken=\"" + prefix_in(said) + "\"\r\n";
    start.run(2 * kMinuteMs);

    EXPECT_EQ(key_of(world), next);
    EXPECT_EQ(world.notes.notes.count("nextkey"), 0u);
    EXPECT_EQ(world.notes.notes["server"].find(kGivenKey), std::string::npos);
    EXPECT_GE(start.camera->kept(), start.camera->taken() - 1);
    EXPECT_EQ(holes(world.transport), "");

    world.boot_memory = BootMemory();
    Start again(world, GetParam());
    again.run(kMinuteMs);
    EXPECT_EQ(key_of(world), next);
    EXPECT_GE(again.camera->kept(), 2u);
  }
}

// Wherever the power goes or a note fails, what the camera shows is a key that the archive knows.
TEST(Camera, ShowsAKnownKeyWhateverFailsWhileItRenews) {
  for (int failing = 0; failing < 6; ++failing) {
    World world;
    world.notes.notes["server"] = "url=\"http://archive.local\", key=\"" + std::string(kGivenKey) + "\"";
    std::string said;
    {
      Start start(world);
      world.transport.more = "Camera-Key: renew=\"0a1b2c3d\"\r\n";
      start.run(2 * kMinuteMs);
      said = prefix_in(next_key_of(world));
      world.transport.more = "Camera-Key: taken=\"" + said + "\"\r\n";
      world.notes.writes_left = failing;
      start.run(2 * kMinuteMs);
    }
    const std::string next = "cam_" + said;
    world.notes.writes_left = -1;
    world.boot_memory = BootMemory();
    Start start(world);
    start.run(2 * kMinuteMs);
    const std::string shown = key_of(world);
    EXPECT_TRUE(shown == kGivenKey || shown.substr(0, 12) == next) << shown << " after " << failing;
    world.transport.more = "Camera-Key: renew=\"" + shown.substr(4, 8) + "\"\r\n";
    world.transport.report_head[0] = '\0';
    start.run(2 * kMinuteMs);

    EXPECT_NE(prefix_in(next_key_of(world)), shown.substr(4, 8)) << "and can be renewed, after " << failing;
    EXPECT_NE(next_key_of(world), "");
  }
}

// A key of another form, another camera's, or one that nobody drew: passed over.
TEST(Camera, RenewsNoKeyButTheOneItShows) {
  for (const char* const field : {"renew=\"ffffffff\"", "renew=\"\"", "renew=0a1b2c3d", "taken=\"0a1b2c3d\"", "taken=\"\"", "renew"}) {
    for (const char* const key : {kGivenKey, "k3y"}) {
      World world;
      world.notes.notes["server"] = "url=\"http://archive.local\", key=\"" + std::string(key) + "\"";
      world.transport.more = "Camera-Key: " + std::string(field) + "\r\n";
      Start start(world);
      start.run(5 * kMinuteMs);

      EXPECT_EQ(key_of(world), key) << field;
      EXPECT_EQ(world.transport.reports, 0u) << field;
      EXPECT_EQ(world.notes.notes.count("nextkey"), 0u) << field;
    }
  }
}

// An archive that has moved is found at the address it told of, and stays found through a restart.
TEST_P(EveryWay, FollowsTheArchiveToAnAddressItToldOf) {
  World world;
  world.transport.more = "Camera-Address: version=7, public=\"https://new.example\"\r\n";
  {
    Start start(world, GetParam());
    start.run(5 * kMinuteMs);
    EXPECT_NE(std::strstr(world.transport.head, "address=7"), nullptr);
    world.transport.only_at = "new.example";
    start.run(15 * kMinuteMs);

    EXPECT_TRUE(world.transport.was_tls);
    EXPECT_GE(start.camera->kept(), start.camera->taken() - 1);
    EXPECT_EQ(start.camera->facts().at, "https://new.example");
    EXPECT_EQ(holes(world.transport), "");
  }
  world.boot_memory = BootMemory();
  Start start(world, GetParam());
  const std::uint64_t before = world.transport.connects;

  start.run(kMinuteMs);

  EXPECT_GE(start.camera->kept(), 2u);
  EXPECT_EQ(world.transport.connects - before, 1u) << "there at once";
}

// A camera that sleeps tries the addresses it knows before it sleeps, and wakes at the one that proved itself.
TEST(Camera, FollowsTheArchiveThoughItSleeps) {
  World world("interval_s=600, size=\"QVGA\", settle_ms=0, settle_frames=0, sleep=?1");
  world.transport.more = "Camera-Address: version=7, public=\"https://new.example\"\r\n";
  ASSERT_TRUE(Start(world).sleep());
  world.transport.only_at = "new.example";

  for (int wake = 0; wake < 3; ++wake) ASSERT_TRUE(Start(world).sleep());

  EXPECT_EQ(world.transport.order.size(), 4u) << "each wake has its frame, the first without the archive's old address too";
}

// No number is drawn before there is true randomness for the boot.
TEST(Camera, WaitsForARealBoot) {
  World world;
  world.random.is_dead = true;
  Start start(world);
  start.run(kMinuteMs);
  EXPECT_EQ(start.camera->taken(), 0u);

  world.random.is_dead = false;
  start.run(kMinuteMs);

  EXPECT_GE(start.camera->taken(), 2u);
}

// A hundred thousand frames, sent from the ring, allocate nothing.
TEST(Camera, AllocatesNothingAfterItsStart) {
  World world("interval_s=1, size=\"QVGA\", settle_ms=0, settle_frames=0");
  world.source.picture.clear();
  world.source.picture.reserve(20'000);
  draw_picture(320, 240, 1, world.source.picture);
  world.transport.more = "Camera-Address: version=7, public=\"https://new.example\", local=\"http://10.0.0.1\"\r\n";
  Start start(world, false, 1, nullptr);
  start.run(10'000, 1000);
  const std::size_t before = allocations;

  start.run(100'000'000, 1000);

  EXPECT_EQ(allocations, before);
  EXPECT_GE(start.camera->kept(), 100'000u);
}

// Nor does the way over files.
TEST(Camera, AllocatesNothingOnACard) {
  char folder[] = "/tmp/camera-test-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  World world("interval_s=1, size=\"QVGA\", settle_ms=0, settle_frames=0");
  PosixFiles files;
  world.files = &files;
  {
    Start start(world, true, 100, folder);
    start.run(10'000, 1000);
    const std::size_t before = allocations;

    world.transport.archive = Archive::Refused;
    start.run(90'000, 1000);
    world.transport.archive = Archive::Keeps;
    start.run(200'000, 1000, 16);

    EXPECT_EQ(allocations, before);
    EXPECT_GE(start.camera->kept(), 290u);
    EXPECT_EQ(start.camera->spool().size(), 0u);
  }
  EXPECT_EQ(std::system((std::string("rm -r ") + folder).c_str()), 0);
}

}  // namespace
}  // namespace camera::testing
