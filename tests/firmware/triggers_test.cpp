// When frames are taken: intervals, buttons, motion, requests, hours.
#include <gtest/gtest.h>

#include "core/Triggers.h"
#include "core/Windows.h"

namespace camera {
namespace {

constexpr std::uint64_t kDayMs = 86'400'000;
// A midnight of UTC.
constexpr std::uint64_t kMidnight = 20'780 * kDayMs;

Settings settings(const char* text) {
  Settings read;
  EXPECT_EQ(read.read(Fields(text)), "");
  return read;
}

// An interval is due at its moment and does not drift, however late it was asked for.
TEST(Triggers, KeepTheirInterval) {
  Triggers triggers;
  triggers.begin(settings("interval_s=30"), std::nullopt);
  ASSERT_TRUE(triggers.due(7, std::nullopt));
  EXPECT_FALSE(triggers.due(30'006, std::nullopt));
  const auto second = triggers.due(31'000, std::nullopt);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->at_ms, 30'007u);

  const auto third = triggers.due(60'007, std::nullopt);

  ASSERT_TRUE(third);
  EXPECT_EQ(third->at_ms, 60'007u);
}

// Intervals for which there was no time are counted, not made up.
TEST(Triggers, CountIntervalsThatWereMissed) {
  Triggers triggers;
  triggers.begin(settings("interval_s=1"), std::nullopt);
  ASSERT_TRUE(triggers.due(0, std::nullopt));

  const auto late = triggers.due(5'500, std::nullopt);

  ASSERT_TRUE(late);
  EXPECT_EQ(late->at_ms, 5'000u);
  EXPECT_EQ(triggers.skipped(), 4u);
  EXPECT_FALSE(triggers.due(5'999, std::nullopt));
}

// Nothing wraps where 32 bits of milliseconds do, after 49.7 days.
TEST(Triggers, KeepTheirIntervalPastFortyNineDays) {
  Triggers triggers;
  const std::uint64_t wrap_ms = 1ULL << 32;
  triggers.begin(settings("interval_s=30"), wrap_ms - 45'000);
  EXPECT_TRUE(triggers.due(wrap_ms - 15'000, std::nullopt));
  EXPECT_FALSE(triggers.due(wrap_ms + 14'999, std::nullopt));
  EXPECT_TRUE(triggers.due(wrap_ms + 15'000, std::nullopt));
}

// Each button has its own delay, and a press that bounces is one press.
TEST(Triggers, WaitForTheDelayOfTheirButton) {
  Triggers triggers;
  triggers.begin(settings("interval_s=0"), std::nullopt);
  triggers.see(0, 0, std::nullopt);
  for (std::uint64_t ms = 1000; ms < 1040; ms += 5) triggers.see(ms % 10 == 0 ? 1 : 0, ms, std::nullopt);
  triggers.see(0, 2000, std::nullopt);
  triggers.see(2, 3000, std::nullopt);
  triggers.see(0, 4000, std::nullopt);
  triggers.see(4, 5000, std::nullopt);
  EXPECT_EQ(triggers.pending(), 3u);

  const auto first = triggers.due(31'000, std::nullopt), second = triggers.due(3'603'000, std::nullopt),
             third = triggers.due(86'405'000, std::nullopt);

  ASSERT_TRUE(first && second && third);
  EXPECT_EQ(first->at_ms, 31'000u);
  EXPECT_EQ(second->at_ms, 3'603'000u);
  EXPECT_EQ(third->at_ms, 86'405'000u);
}

// Ten shots may be pending, in any order; an eleventh is refused and counted.
TEST(Triggers, HoldTenPendingShots) {
  Triggers triggers;
  triggers.begin(settings("interval_s=0"), std::nullopt);
  triggers.see(0, 0, std::nullopt);
  for (std::uint64_t press = 0; press < 11; ++press) {
    triggers.see(press % 2 == 0 ? 2 : 1, 1000 + press * 200, std::nullopt);
    triggers.see(0, 1100 + press * 200, std::nullopt);
  }
  EXPECT_EQ(triggers.pending(), Triggers::kMaxPending);
  EXPECT_EQ(triggers.presses_refused(), 1u);

  std::uint64_t before_ms = 0;
  for (std::size_t i = 0; i < Triggers::kMaxPending; ++i) {
    const auto due = triggers.due(kDayMs, std::nullopt);
    ASSERT_TRUE(due);
    EXPECT_GE(due->at_ms, before_ms);
    before_ms = due->at_ms;
  }
}

// A restart forgets no pending shot: with a clock it fires when it would have, without one it waits its delay again.
TEST(Triggers, OutliveARestart) {
  Triggers before;
  before.begin(settings("interval_s=0"), std::nullopt);
  before.see(0, 0, kMidnight);
  before.see(2, 1000, kMidnight + 1000);
  FixedText<1500> note;
  ASSERT_TRUE(before.has_changed());
  ASSERT_TRUE(before.write(note, 1));

  Triggers with_clock;
  with_clock.begin(settings("interval_s=0"), std::nullopt);
  with_clock.read(note.view(), 2, 50, kMidnight + 1'801'000);  // half an hour later
  EXPECT_FALSE(with_clock.due(1'800'049, std::nullopt));
  EXPECT_TRUE(with_clock.due(1'800'050, std::nullopt));

  Triggers too_late;
  too_late.begin(settings("interval_s=0"), std::nullopt);
  too_late.read(note.view(), 2, 50, kMidnight + kDayMs);
  EXPECT_TRUE(too_late.due(50, std::nullopt)) << "its moment passed while there was no power: at once";

  Triggers without_clock;
  without_clock.begin(settings("interval_s=0"), std::nullopt);
  without_clock.read(note.view(), 2, 50, std::nullopt);
  EXPECT_FALSE(without_clock.due(3'600'049, std::nullopt));
  EXPECT_TRUE(without_clock.due(3'600'050, std::nullopt));

  Triggers woken;
  woken.begin(settings("interval_s=0"), std::nullopt);
  woken.read(note.view(), 1, 1'801'000, std::nullopt);
  EXPECT_FALSE(woken.due(3'600'999, std::nullopt)) << "in the boot that wrote it no clock is needed";
  EXPECT_TRUE(woken.due(3'601'000, std::nullopt));
}

// A shot is pending until it is done: a restart before that takes it again, but not for ever.
TEST(Triggers, AreForgottenWhenTheyAreDone) {
  FixedText<1500> note;
  {
    Triggers first;
    first.begin(settings("interval_s=0"), std::nullopt);
    first.see(0, 0, std::nullopt);
    first.see(1, 1000, std::nullopt);
    ASSERT_TRUE(first.write(note, 1));
  }
  for (std::uint64_t start = 0; start < Triggers::kMostTries; ++start) {
    Triggers again;
    again.begin(settings("interval_s=0"), std::nullopt);
    again.read(note.view(), 1, 50'000, std::nullopt);
    ASSERT_TRUE(again.due(50'000, std::nullopt)) << start;
    EXPECT_FALSE(again.due(50'001, std::nullopt)) << "told once";
    note.clear();
    ASSERT_TRUE(again.has_changed());
    ASSERT_TRUE(again.write(note, 1));
    EXPECT_FALSE(note.is_empty());
    again.done();
    EXPECT_TRUE(again.has_changed());
    EXPECT_EQ(again.pending(), 0u);
  }

  Triggers last;
  last.begin(settings("interval_s=0"), std::nullopt);
  last.read(note.view(), 1, 50'000, std::nullopt);

  EXPECT_FALSE(last.due(50'000, std::nullopt)) << "the board died in it three times";
}

// Motion makes one shot, and then no other for a while.
TEST(Triggers, PauseAfterMotion) {
  Triggers triggers;
  triggers.begin(settings("interval_s=0, motion_pause_s=10"), std::nullopt);
  const std::uint32_t motion = 1U << kMotionPin;
  triggers.see(motion, 1000, std::nullopt);
  EXPECT_TRUE(triggers.due(1000, std::nullopt)) << "also when motion woke the board";
  triggers.see(0, 3000, std::nullopt);
  triggers.see(motion, 5000, std::nullopt);
  EXPECT_FALSE(triggers.due(5000, std::nullopt));
  triggers.see(0, 6000, std::nullopt);

  triggers.see(motion, 12'000, std::nullopt);

  EXPECT_TRUE(triggers.due(12'000, std::nullopt));
}

// Interval and motion keep to the hours, across midnight and in the owner's time; buttons and requests do not care.
TEST(Triggers, KeepToTheHours) {
  Triggers triggers;
  triggers.begin(settings("interval_s=60, windows=\"22:00-02:00\", utc_offset_min=60"), std::nullopt);
  const auto is_due = [&triggers](std::uint64_t day_minute) {
    return triggers.due(day_minute * 60'000, kMidnight + day_minute * 60'000).has_value();
  };
  EXPECT_TRUE(is_due(30)) << "00:30 UTC is 01:30";
  EXPECT_FALSE(is_due(61)) << "02:01";
  EXPECT_FALSE(is_due(20 * 60 + 59)) << "21:59";
  EXPECT_TRUE(is_due(21 * 60)) << "22:00";
  EXPECT_FALSE(triggers.due(22 * 3'600'000 + 1, std::nullopt).has_value() &&
               triggers.due(22 * 3'600'000 + 2, std::nullopt).has_value());
  triggers.request();
  EXPECT_TRUE(triggers.due(12 * 3'600'000, kMidnight + 12 * 3'600'000));
}

// For sleeping: the next known moment, a window's opening included.
TEST(Triggers, KnowWhenTheNextIs) {
  Triggers triggers;
  triggers.begin(settings("interval_s=600, windows=\"08:00-20:00\""), 0);
  EXPECT_EQ(triggers.next_ms(1000, std::nullopt), std::optional<std::uint64_t>(600'000));
  const auto next = triggers.next_ms(1000, kMidnight + 1000);
  ASSERT_TRUE(next);
  EXPECT_GE(*next, 8 * 3'600'000u);
  EXPECT_LT(*next, 8 * 3'600'000u + 600'000u);
}

// One shot for every change of `shot`, and none for the rest of the settings.
TEST(Triggers, ShootOnRequest) {
  Triggers triggers;
  triggers.begin(settings("interval_s=0, shot=4"), std::nullopt);
  EXPECT_FALSE(triggers.due(0, std::nullopt));
  triggers.set(settings("interval_s=0, shot=4, quality=20"));
  EXPECT_FALSE(triggers.due(0, std::nullopt));

  triggers.set(settings("interval_s=0, shot=5"));

  ASSERT_TRUE(triggers.due(10, std::nullopt));
  EXPECT_FALSE(triggers.due(11, std::nullopt));
}

// Newer settings are proven by a shot at once; older ones that come back need none.
TEST(Triggers, ShootForNewerSettings) {
  Triggers triggers;
  triggers.begin(settings("version=3, interval_s=0"), std::nullopt);
  EXPECT_FALSE(triggers.due(0, std::nullopt));

  triggers.set(settings("version=4, interval_s=0"));
  EXPECT_TRUE(triggers.due(10, std::nullopt));
  EXPECT_FALSE(triggers.due(11, std::nullopt));
  triggers.set(settings("version=3, interval_s=0"));

  EXPECT_FALSE(triggers.due(12, std::nullopt));
}

// Hours are read strictly.
TEST(Windows, AreReadStrictly) {
  Windows windows;
  for (const char* good : {"", "06:00-20:00", "06:00-20:00 22:00-23:30", "00:00-24:00", "23:00-01:00"})
    EXPECT_TRUE(windows.read(good)) << good;
  for (const char* bad : {"6:00-20:00", "06:00", "06:00-25:00", "06:60-07:00", "06:00-06:00", "24:00-01:00", "a", "06:00-20:00,",
                          "01:00-02:00 03:00-04:00 05:00-06:00 07:00-08:00 09:00-10:00"})
    EXPECT_FALSE(windows.read(bad)) << bad;
}

}  // namespace
}  // namespace camera
