// One good frame for one trigger, and what is done about a sensor that has none.
#include <gtest/gtest.h>

#include "Json.h"
#include "World.h"
#include "core/Jpeg.h"
#include "core/Taker.h"

namespace camera::testing {
namespace {

std::vector<std::uint8_t> from_hex(const std::string& hex) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<std::uint8_t>(std::strtoul(hex.substr(i, 2).c_str(), nullptr, 16)));
  return bytes;
}

// The camera reads a JPEG's markers as the archive does: same size, same wholeness, same true end.
TEST(Jpeg, AgreesWithTheArchive) {
  const Json vectors = Json::read_file(VECTORS "/jpeg.json");
  ASSERT_GT(vectors.items.size(), 20u);
  for (const Json& vector : vectors.items) {
    const auto bytes = from_hex(vector["hex"].text);

    const Jpeg jpeg = look_at(bytes.data(), bytes.size());

    EXPECT_EQ(jpeg.is_jpeg, !vector.has("refused")) << vector["why"].text;
    if (vector.has("refused")) continue;
    EXPECT_EQ(jpeg.width, vector["width"].number()) << vector["why"].text;
    EXPECT_EQ(jpeg.height, vector["height"].number()) << vector["why"].text;
    EXPECT_EQ(jpeg.is_whole, vector["is_whole"].boolean) << vector["why"].text;
    EXPECT_EQ(jpeg.scans, static_cast<std::uint32_t>(vector["scans"].number())) << vector["why"].text;
    EXPECT_EQ(bytes.size() - jpeg.size_bytes, static_cast<std::size_t>(vector["trailing_bytes"].number()))
        << vector["why"].text;
  }
}

// Whatever the bytes, cut anywhere or with any byte turned, reading stays within them.
TEST(Jpeg, ReadsNoByteThatIsNotThere) {
  std::vector<std::uint8_t> whole;
  draw_picture(64, 48, 7, whole);
  ASSERT_TRUE(look_at(whole.data(), whole.size()).is_whole);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<std::uint8_t> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(look_at(cut.data(), cut.size()).is_whole) << size;
  }
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::vector<std::uint8_t> turned = whole;
    turned[i] = static_cast<std::uint8_t>(~turned[i]);
    EXPECT_LE(look_at(turned.data(), turned.size()).size_bytes, turned.size());
  }
}

struct TakerTest : ::testing::Test {
  TakerTest() : source(clock), taker(source, log) {
    clock.now = 10'000;
    taker.begin(0);
    set(0, 0);
  }

  void set(std::uint32_t settle_ms, std::uint32_t settle_frames) {
    SensorSettings wanted;
    wanted.size = FrameSize::QVGA;
    taker.set(wanted, settle_ms, settle_frames);
  }

  /// Steps every 100 ms until there is a result.
  Taker::Result take(Frame& frame) {
    taker.start(clock.now, clock.now);
    Taker::Result result = Taker::Result::Working;
    for (int i = 0; i < 1000 && result == Taker::Result::Working; ++i) {
      result = taker.step(clock.now, frame);
      clock.now += 100;
    }
    return result;
  }

  WorldClock clock;
  WorldLog log;
  WorldSource source;
  Taker taker;
};

// F5: what the driver had before the trigger is passed over, and counted.
TEST_F(TakerTest, PassesOverWhatIsOlderThanItsTrigger) {
  source.stale = 2;
  source.stale_up_ms = clock.now - 1;
  const std::uint64_t trigger_ms = clock.now;
  Frame frame;

  ASSERT_EQ(take(frame), Taker::Result::Taken);

  EXPECT_GE(frame.up_ms, trigger_ms);
  EXPECT_EQ(taker.counts().stale, 2u);
}

// Exposure settles by time and by count, once after a start; what it took is counted.
TEST_F(TakerTest, SettlesByTimeAndByCount) {
  set(1500, 6);
  Frame frame;
  const std::uint64_t began_ms = clock.now;
  ASSERT_EQ(take(frame), Taker::Result::Taken);
  EXPECT_GE(frame.up_ms, began_ms + 1500) << "time, at ten frames a second";
  EXPECT_EQ(taker.counts().settling, 15u);
  frame.drop();

  ASSERT_EQ(take(frame), Taker::Result::Taken);
  EXPECT_EQ(taker.counts().settling, 15u) << "only once";
  frame.drop();

  taker.begin(0);
  set(0, 6);
  ASSERT_EQ(take(frame), Taker::Result::Taken);
  EXPECT_EQ(taker.counts().settling, 21u) << "count";
}

// However long exposure may settle, by time or by count, there is patience for it and for the frame behind it.
TEST_F(TakerTest, HasPatienceForAllOfItsSettling) {
  for (const auto& [settle_ms, settle_frames] : {std::pair{30'000u, 0u}, std::pair{0u, 100u}, std::pair{30'000u, 100u}}) {
    taker.begin(0);
    set(settle_ms, settle_frames);
    taker.start(clock.now, clock.now);
    Frame frame;
    Taker::Result result = Taker::Result::Working;

    for (; result == Taker::Result::Working; clock.now += 400) result = taker.step(clock.now, frame);

    EXPECT_EQ(result, Taker::Result::Taken) << settle_ms << " ms, " << settle_frames << " frames";
  }
}

// What the driver still has of the size before is passed over, and no reason to make the pictures worse.
TEST_F(TakerTest, PassesOverFramesOfTheSizeBefore) {
  Frame frame;
  ASSERT_EQ(take(frame), Taker::Result::Taken);
  frame.drop();
  SensorSettings larger;
  larger.size = FrameSize::VGA;
  taker.set(larger, 0, 0);
  taker.start(clock.now, clock.now);
  source.stale = 2;  // begun before the sensor knew, and after the trigger
  source.stale_up_ms = clock.now;

  Taker::Result result = taker.step(clock.now, frame);
  for (int i = 0; i < 100 && result == Taker::Result::Working; ++i) {
    clock.now += 100;
    if (source.stale == 0) source.picture.clear(), draw_picture(640, 480, 1, source.picture);
    result = taker.step(clock.now, frame);
  }

  ASSERT_EQ(result, Taker::Result::Taken);
  EXPECT_EQ(taker.counts().stale, 2u);
  EXPECT_EQ(taker.counts().broken, 0u);
  EXPECT_EQ(source.applied.quality, larger.quality);
}

// A frame is cut off behind its true end, whatever the driver left there.
TEST_F(TakerTest, CutsOffBehindTheTrueEnd) {
  const std::size_t whole = source.picture.size();
  for (int i = 0; i < 500; ++i) source.picture.push_back(static_cast<std::uint8_t>(i));
  source.picture.insert(source.picture.end(), {0xFF, 0xD9});
  Frame frame;

  ASSERT_EQ(take(frame), Taker::Result::Taken);

  EXPECT_EQ(frame.bytes().size, whole);
}

// Broken frames make quality step down; a long run of good ones brings it back.
TEST_F(TakerTest, StepsQualityDownAndBack) {
  const std::uint8_t wanted = SensorSettings().quality;
  source.broken = 2;
  Frame frame;
  ASSERT_EQ(take(frame), Taker::Result::Taken);
  EXPECT_EQ(source.applied.quality, wanted + Taker::kQualityStep);
  EXPECT_EQ(taker.counts().broken, 2u);

  for (std::uint32_t i = 0; i <= Taker::kGoodRun; ++i) {
    frame.drop();
    ASSERT_EQ(take(frame), Taker::Result::Taken);
  }

  EXPECT_EQ(source.applied.quality, wanted);
}

// A sensor that cannot do the size asked for gives its nearest, and that is taken after a few looks.
TEST_F(TakerTest, TakesTheNearestSizeThatASensorHas) {
  draw_picture(352, 288, 1, source.picture);
  Frame frame;

  ASSERT_EQ(take(frame), Taker::Result::Taken);

  EXPECT_EQ(source.reinits, 0);
}

// A dead sensor: driver anew, power away, board anew a bounded number of times, then the word for a person; and no
// shot waits for ever.
TEST_F(TakerTest, ClimbsTheLadderStepByStep) {
  source.is_dead = true;
  Frame frame;
  EXPECT_EQ(take(frame), Taker::Result::Missed);
  EXPECT_EQ(source.reinits, 1);
  EXPECT_EQ(source.power_cycles, 1);
  EXPECT_TRUE(taker.wants_machine_restart());
  EXPECT_FALSE(taker.wants_machine_restart()) << "said once";
  EXPECT_FALSE(taker.needs_power_cycle());

  Taker after(source, log);
  after.begin(3);
  after.start(clock.now, clock.now);
  for (int i = 0; i < 100; ++i, clock.now += 500) after.step(clock.now, frame);
  after.start(clock.now, clock.now);
  for (int i = 0; i < 100; ++i, clock.now += 500) after.step(clock.now, frame);
  EXPECT_FALSE(after.wants_machine_restart()) << "three restarts are enough";
  EXPECT_TRUE(after.needs_power_cycle());

  source.is_dead = false;
  clock.now += 1000;
  after.start(clock.now, clock.now);
  EXPECT_EQ(after.step(clock.now, frame), Taker::Result::Working) << "exposure settles anew";
  EXPECT_EQ(source.lent, 0);
}

}  // namespace
}  // namespace camera::testing
