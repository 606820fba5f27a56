// The spool and the losses: what is stored is there again after any power cut, and what is not is written down.
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <vector>

#include "FakeFiles.h"
#include "core/Losses.h"
#include "core/Spool.h"

namespace camera {
namespace {

constexpr std::uint64_t kBoot = 0x9f3a61c0e2b47d18, kOtherBoot = 0x0123456789abcdef;
constexpr std::size_t kLosses = 64;

std::vector<std::uint8_t> picture(std::uint64_t number, std::size_t size = 3000) {
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 31 + number * 7);
  return bytes;
}

/// A camera's keeping, as it is after a start.
struct Keeping {
  explicit Keeping(FakeFiles& with, std::uint32_t max_frames = 16, std::uint64_t max_bytes = 1 << 30,
                   std::size_t buffer_bytes = 20'000)
      : memory(new Loss[2 * kLosses]),
        list(new Spooled[max_frames]),
        buffer(20'000),
        losses(with, "/spool", memory.get(), kLosses),
        spool(with, losses, "/spool", list.get(), Room{buffer.data(), buffer_bytes}, {max_bytes, max_frames, 4}) {}

  StoreResult store(std::uint64_t number, std::uint64_t boot = kBoot) {
    const auto bytes = picture(number);
    return spool.store({boot, number}, number * 1000, std::nullopt, Bytes{bytes.data(), bytes.size()});
  }

  bool has(std::uint64_t number, std::uint64_t boot = kBoot) const {
    for (std::size_t i = 0; i < spool.size(); ++i)
      if (spool.at(i).name == FrameName{boot, number}) return true;
    return false;
  }

  bool has_lost(std::uint64_t number, std::uint64_t boot = kBoot) const {
    LossReason reason = LossReason::AtRisk;
    return losses.holds({boot, number}, &reason) && reason != LossReason::AtRisk;
  }

  std::vector<std::uint64_t> numbers() const {
    std::vector<std::uint64_t> found;
    for (std::size_t i = 0; i < spool.size(); ++i) found.push_back(spool.at(i).name.number);
    return found;
  }

  std::unique_ptr<Loss[]> memory;
  std::unique_ptr<Spooled[]> list;
  std::vector<std::uint8_t> buffer;
  Losses losses;
  Spool spool;
};

using Numbers = std::vector<std::uint64_t>;

// What is stored can be read back after a start, byte for byte, with its times.
TEST(Spool, HoldsWhatWasStoredAcrossAStart) {
  FakeFiles files;
  {
    Keeping before(files);
    ASSERT_TRUE(before.spool.open());
    const auto bytes = picture(7);
    ASSERT_EQ(before.spool.store({kBoot, 7}, 83412, 1795345345123, Bytes{bytes.data(), bytes.size()}),
              StoreResult::Stored);
  }
  Keeping after(files);
  ASSERT_TRUE(after.spool.open());
  ASSERT_EQ(after.spool.size(), 1u);

  Frame frame = after.spool.load({kBoot, 7});

  ASSERT_TRUE(frame);
  const auto expected = picture(7);
  EXPECT_EQ(std::vector<std::uint8_t>(frame.bytes().data, frame.bytes().data + frame.bytes().size), expected);
  EXPECT_EQ(frame.up_ms, 83412u);
  EXPECT_EQ(frame.taken_ms, std::optional<std::uint64_t>(1795345345123));
  EXPECT_EQ(frame.name, (FrameName{kBoot, 7}));
}

// File names say all there is to know, fit LittleFS and are ordinary pictures to whoever takes the card out.
TEST(Spool, NamesFilesForPeople) {
  FakeFiles files;
  Keeping keeping(files);
  ASSERT_TRUE(keeping.spool.open());

  const auto bytes = picture(1);
  keeping.spool.store({kBoot, 182}, 83412, 1795345345123, Bytes{bytes.data(), bytes.size()});

  const std::string expected = "/spool/00000001/9f3a61c0e2b47d18-182-83412-1795345345123.jpg";
  EXPECT_EQ(files.files.count(expected), 1u);
  EXPECT_LE(expected.size() - expected.rfind('/') - 1, 64u);
}

// The power may go at every call; whatever it leaves of unsynced bytes, each number that was begun is afterwards either
// in the spool and whole, or confessed, or (the last one alone) was never known to anybody.
TEST(Spool, LosesNoNumberAtAnyPowerCut) {
  for (const Unsynced unsynced : {Unsynced::Gone, Unsynced::Empty, Unsynced::Half, Unsynced::Whole}) {
    for (const bool happens_after : {false, true}) {
      bool was_cut = true;
      for (std::uint64_t cut = 1; was_cut; ++cut) {
        ASSERT_LT(cut, 1000u) << "the scenario never ends";
        FakeFiles files;
        files.unsynced = unsynced;
        files.cut_happens_after = happens_after;
        files.cut_at = cut;
        std::set<std::uint64_t> begun, stored, kept;
        {
          Keeping keeping(files, 4);  // small, so that it overflows
          if (keeping.spool.open()) {
            for (std::uint64_t number = 0; number < 9 && !files.is_off; ++number) {
              begun.insert(number);
              if (keeping.store(number) == StoreResult::Stored) stored.insert(number);
              if (number == 2) {  // the archive keeps 1: it may go
                kept.insert(1);
                keeping.spool.remove({kBoot, 1});
              }
              if (number == 3) keeping.spool.refuse(FrameName{kBoot, 0});
            }
          }
        }
        was_cut = files.is_off;
        files.power_on();
        std::set<std::uint64_t> in_part;  // begun, and cut short: there is a trace
        for (const auto& [name, file] : files.files)
          if (const auto at = name.find("9f3a61c0e2b47d18-"); at != std::string::npos && name.find(".part") != std::string::npos)
            in_part.insert(std::strtoull(name.c_str() + at + 17, nullptr, 10));
        Keeping after(files, 16);
        ASSERT_TRUE(after.spool.open()) << "cut at " << cut;
        for (const std::uint64_t number : in_part)
          EXPECT_TRUE(after.has(number) || after.has_lost(number)) << number << " left a trace, cut at " << cut;

        for (const std::uint64_t number : begun) {
          const bool is_there = after.has(number), is_lost = after.has_lost(number);
          EXPECT_FALSE(is_there && is_lost) << number << " is both, cut at " << cut;
          const bool is_last = number == *begun.rbegin();
          EXPECT_TRUE(is_there || is_lost || kept.count(number) || (is_last && stored.count(number) == 0))
              << number << " is nowhere, cut at " << cut;
          if (!is_there) continue;
          Frame frame = after.spool.load({kBoot, number});
          ASSERT_TRUE(frame) << number << ", cut at " << cut;
          EXPECT_EQ(std::vector<std::uint8_t>(frame.bytes().data, frame.bytes().data + frame.bytes().size),
                    picture(number))
              << "cut at " << cut;
        }
        for (const auto& [name, file] : files.files) EXPECT_EQ(name.find(".part"), std::string::npos) << name;
        EXPECT_EQ(after.store(100), StoreResult::Stored) << "cut at " << cut;
      }
    }
  }
}

// Any one call may fail, or many in a row, and the card work again: nothing is lost without being written down.
TEST(Spool, LosesNoNumberAtAnyFailedCall) {
  for (const FileResult failure : {FileResult::Failed, FileResult::Full}) {
    for (const std::uint64_t row : {0u, 3u}) {
      bool was_reached = true;
      for (std::uint64_t fail = 1; was_reached; ++fail) {
        ASSERT_LT(fail, 1000u) << "the scenario never ends";
        FakeFiles files;
        Keeping keeping(files, 4);
        files.fail_at = fail;
        files.fail_until = fail + row;
        files.fail_with = failure;
        for (int tries = 0; tries < 10 && !keeping.spool.open(); ++tries) continue;
        ASSERT_TRUE(keeping.spool.is_open());
        std::set<std::uint64_t> held;
        for (std::uint64_t number = 0; number < 8; ++number) {
          bool is_done = false;
          for (int tries = 0; tries < 10 && !is_done; ++tries) {
            const StoreResult result = keeping.store(number);
            is_done = result == StoreResult::Stored || result == StoreResult::GivenUp;
          }
          ASSERT_TRUE(is_done) << number << ", failed at " << fail;
        }
        was_reached = files.calls >= fail;
        files.fail_at = 0;
        Keeping after(files, 16);
        ASSERT_TRUE(after.spool.open());

        for (std::uint64_t number = 0; number < 8; ++number)
          EXPECT_TRUE(after.has(number) != after.has_lost(number)) << number << ", failed at " << fail;
      }
    }
  }
}

// A full spool is thinned evenly among its older half; its ends and the newest stay.
TEST(Spool, ThinsTheOldestEvenly) {
  FakeFiles files;
  Keeping keeping(files, 8);
  ASSERT_TRUE(keeping.spool.open());

  for (std::uint64_t number = 0; number < 16; ++number) ASSERT_EQ(keeping.store(number), StoreResult::Stored);

  const Numbers left = keeping.numbers();
  ASSERT_EQ(left.size(), 8u);
  EXPECT_EQ(left.front(), 0u);
  EXPECT_EQ(left.back(), 15u);
  std::uint64_t widest = 0;
  for (std::size_t i = 1; i < left.size(); ++i) widest = std::max(widest, left[i] - left[i - 1]);
  EXPECT_LE(widest, 6u);
  for (std::uint64_t number = 0; number < 16; ++number) EXPECT_TRUE(keeping.has(number) != keeping.has_lost(number));
}

// The two other policies give up what they say.
TEST(Spool, GivesUpByPolicy) {
  FakeFiles files;
  Keeping oldest(files, 4);
  ASSERT_TRUE(oldest.spool.open());
  oldest.spool.set_when_full(WhenFull::Oldest);
  for (std::uint64_t number = 0; number < 6; ++number) ASSERT_EQ(oldest.store(number), StoreResult::Stored);
  EXPECT_EQ(oldest.numbers(), (Numbers{2, 3, 4, 5}));
  Loss loss;
  ASSERT_TRUE(oldest.losses.next(&loss));
  EXPECT_EQ(loss.from, 0u);
  EXPECT_EQ(loss.to, 1u) << "what lies side by side is one range";
  EXPECT_STREQ(c_str(loss.reason), "spool-full");

  FakeFiles others;
  Keeping newest(others, 4);
  ASSERT_TRUE(newest.spool.open());
  newest.spool.set_when_full(WhenFull::Newest);
  for (std::uint64_t number = 0; number < 4; ++number) ASSERT_EQ(newest.store(number), StoreResult::Stored);
  EXPECT_EQ(newest.store(4), StoreResult::GivenUp);
  EXPECT_EQ(newest.numbers(), (Numbers{0, 1, 2, 3}));
  EXPECT_TRUE(newest.has_lost(4));
}

// The frame that is on its way does not give way.
TEST(Spool, NeverGivesUpThePinnedFrame) {
  FakeFiles files;
  Keeping keeping(files, 3);
  ASSERT_TRUE(keeping.spool.open());
  keeping.spool.set_when_full(WhenFull::Oldest);
  for (std::uint64_t number = 0; number < 3; ++number) ASSERT_EQ(keeping.store(number), StoreResult::Stored);

  keeping.spool.pin(FrameName{kBoot, 0});
  ASSERT_EQ(keeping.store(3), StoreResult::Stored);

  EXPECT_EQ(keeping.numbers(), (Numbers{0, 2, 3}));
}

// Losses have a bounded table; when it is full the spool gives up what joins a range, and never loses count.
TEST(Spool, GivesNothingUpThatCannotBeWrittenDown) {
  FakeFiles files;
  Keeping keeping(files, 8);
  ASSERT_TRUE(keeping.spool.open());
  // Every other number was kept long ago, so no two losses touch.
  for (std::uint64_t number = 0; keeping.losses.room() > 0; number += 2)
    keeping.losses.mark({kOtherBoot, number}, LossReason::Sensor);
  ASSERT_TRUE(keeping.losses.commit());

  for (std::uint64_t number = 0; number < 8; ++number) ASSERT_EQ(keeping.store(number), StoreResult::Stored);
  EXPECT_EQ(keeping.store(8), StoreResult::NoRoom) << "the ring holds it until something was confessed";
  EXPECT_EQ(keeping.spool.size(), 8u);

  Loss told;
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(keeping.losses.next(&told));
    ASSERT_TRUE(keeping.losses.confessed(told));
  }
  EXPECT_EQ(keeping.store(8), StoreResult::Stored);
  for (std::uint64_t number = 0; number < 9; ++number) EXPECT_TRUE(keeping.has(number) != keeping.has_lost(number));
}

// Folders never hold more than FAT can search, and go when they are empty.
TEST(Spool, KeepsFoldersSmallAndRemovesThem) {
  FakeFiles files;
  Keeping keeping(files, 600);
  ASSERT_TRUE(keeping.spool.open());
  for (std::uint64_t number = 0; number < 600; ++number) ASSERT_EQ(keeping.store(number), StoreResult::Stored);

  std::map<std::string, int> in_folder;
  for (const auto& [name, file] : files.files) ++in_folder[name.substr(0, name.rfind('/'))];
  for (const auto& [folder, count] : in_folder) EXPECT_LE(count, 256) << folder;
  for (std::uint64_t number = 0; number < 600; ++number) ASSERT_TRUE(keeping.spool.remove({kBoot, number}));

  EXPECT_LE(files.folders.size(), 3u) << "the spool, refused/ and the folder now written to";
  Keeping after(files);
  ASSERT_TRUE(after.spool.open());
  EXPECT_EQ(files.folders.size(), 2u);
}

// F7: whatever the clock did, and across boots, the backlog comes in the order it was taken and drains to empty.
TEST(Spool, DrainsInOrderAcrossBootsAndClockJumps) {
  FakeFiles files;
  const std::uint64_t boots[] = {0xffffffffffffffff, 0x0000000000000001, 0x7777777777777777};
  const std::uint64_t clocks[] = {1795345345123, 0, 1500000000000};  // set, unknown, years back
  for (int boot = 0; boot < 3; ++boot) {
    Keeping keeping(files, 64);
    ASSERT_TRUE(keeping.spool.open());
    for (std::uint64_t number = 0; number < 12; ++number) {  // 9, 10 and 11 sort badly as text
      const auto bytes = picture(number);
      const auto taken = clocks[boot] == 0 ? std::nullopt : std::optional<std::uint64_t>(clocks[boot] + number);
      ASSERT_EQ(keeping.spool.store({boots[boot], number}, number, taken, Bytes{bytes.data(), bytes.size()}),
                StoreResult::Stored);
    }
  }
  Keeping keeping(files, 64);
  ASSERT_TRUE(keeping.spool.open());

  std::vector<FrameName> order;
  while (keeping.spool.size() > 0) {
    order.push_back(keeping.spool.at(0).name);
    ASSERT_TRUE(keeping.spool.load(order.back()));
    ASSERT_TRUE(keeping.spool.remove(order.back()));
  }

  ASSERT_EQ(order.size(), 36u);
  for (std::size_t i = 0; i < order.size(); ++i) EXPECT_EQ(order[i], (FrameName{boots[i / 12], i % 12}));
  EXPECT_EQ(keeping.losses.lost(), 0u);
}

// More files than the list can hold are sent later, not forgotten.
TEST(Spool, ListsAgainWhatDidNotFit) {
  FakeFiles files;
  {
    Keeping large(files, 20);
    ASSERT_TRUE(large.spool.open());
    for (std::uint64_t number = 0; number < 20; ++number) large.store(number);
  }
  Keeping small(files, 6);
  ASSERT_TRUE(small.spool.open());

  std::set<std::uint64_t> drained;
  for (int i = 0; i < 20 && small.spool.size() > 0; ++i) {
    drained.insert(small.spool.at(0).name.number);
    ASSERT_TRUE(small.spool.remove(FrameName(small.spool.at(0).name)));
  }

  EXPECT_EQ(drained.size(), 20u);
}

// A spool that is not all listed gives up one frame for one, as a full one does.
TEST(Spool, GivesUpOneForOneAlsoWhenNotAllIsListed) {
  FakeFiles files;
  {
    Keeping large(files, 200);
    ASSERT_TRUE(large.spool.open());
    for (std::uint64_t number = 0; number < 200; ++number) large.store(number);
  }
  Keeping small(files, 150);
  ASSERT_TRUE(small.spool.open());

  for (std::uint64_t number = 200; number < 210; ++number) ASSERT_EQ(small.store(number), StoreResult::Stored);

  EXPECT_EQ(small.losses.lost(), 10u);
  std::set<std::uint64_t> drained;
  for (int i = 0; i < 300 && small.spool.size() > 0; ++i) {
    drained.insert(small.spool.at(0).name.number);
    ASSERT_TRUE(small.spool.remove(FrameName(small.spool.at(0).name)));
  }
  EXPECT_EQ(drained.size(), 200u) << "what was not listed comes when there is room";
}

std::size_t pictures(const FakeFiles& files) {
  std::size_t count = 0;
  for (const auto& [name, file] : files.files) count += name.find(".jpg") != std::string::npos;
  return count;
}

// A start with hardly any memory (PSRAM of the wrong kind) leaves alone what it cannot read, at risk or not, and the next
// one has it all.
TEST(Spool, LeavesAloneWhatItHasNoMemoryToRead) {
  for (const std::size_t buffer_bytes : {0u, 100u}) {
    FakeFiles files;
    {
      Keeping keeping(files);
      ASSERT_TRUE(keeping.spool.open());
      keeping.losses.mark(kBoot, 0, 11, LossReason::AtRisk);
      ASSERT_TRUE(keeping.losses.commit());
      for (std::uint64_t number = 0; number < 12; ++number) ASSERT_EQ(keeping.store(number), StoreResult::Stored);
    }
    {
      Keeping small(files, 16, 1 << 30, buffer_bytes);
      EXPECT_EQ(small.spool.open(), buffer_bytes > 0);
      EXPECT_EQ(small.spool.size(), 0u);
      EXPECT_EQ(small.spool.oversized(), buffer_bytes > 0 ? 12u : 0u);
    }
    EXPECT_EQ(pictures(files), 12u);

    Keeping again(files);
    ASSERT_TRUE(again.spool.open());

    EXPECT_EQ(again.spool.size(), 12u);
    EXPECT_EQ(again.losses.lost(), 0u);
  }
}

// A file that cannot be read three times in a row is confessed, and set aside rather than thrown away; reads of others in
// between count for nothing.
TEST(Spool, SetsADamagedFrameAside) {
  FakeFiles files;
  Keeping keeping(files);
  ASSERT_TRUE(keeping.spool.open());
  for (std::uint64_t number = 0; number < 3; ++number) ASSERT_EQ(keeping.store(number), StoreResult::Stored);
  files.are_pictures_unreadable = true;
  for (int i = 0; i < 9; ++i) EXPECT_FALSE(keeping.spool.load({kBoot, static_cast<std::uint64_t>(i % 3)}));
  EXPECT_EQ(keeping.losses.lost(), 0u) << "all of them: that is the card";

  for (int i = 0; i < 3; ++i) EXPECT_FALSE(keeping.spool.load({kBoot, 1}));

  EXPECT_TRUE(keeping.has_lost(1));
  EXPECT_EQ(keeping.numbers(), (Numbers{0, 2}));
  EXPECT_EQ(pictures(files), 3u) << "a person may still find it";
}

// What the archive refuses is confessed and set aside; its folder stays small, and gives way before unsent frames do.
TEST(Spool, SetsRefusedFramesAside) {
  FakeFiles files;
  Keeping keeping(files, 16);
  ASSERT_TRUE(keeping.spool.open());
  for (std::uint64_t number = 0; number < 12; ++number) {
    ASSERT_EQ(keeping.store(number), StoreResult::Stored);
    ASSERT_TRUE(keeping.spool.refuse(FrameName{kBoot, number}));
    EXPECT_TRUE(keeping.has_lost(number));
  }
  const auto refused = [&files] {
    std::size_t count = 0;
    for (const auto& [name, file] : files.files) count += name.find("/refused/") != std::string::npos;
    return count;
  };
  EXPECT_GE(refused(), 1u);
  EXPECT_LE(refused(), 5u);

  files.room_bytes = files.used();  // the card is full to the last byte
  ASSERT_EQ(keeping.store(12), StoreResult::Stored);

  EXPECT_EQ(refused(), 0u);
  EXPECT_FALSE(keeping.has_lost(12));
}

// A file that cannot be read is given up with its reason, and does not hold up the others.
TEST(Spool, GivesUpADamagedFileAlone) {
  FakeFiles files;
  Keeping keeping(files);
  ASSERT_TRUE(keeping.spool.open());
  for (std::uint64_t number = 0; number < 3; ++number) keeping.store(number);
  files.files.at("/spool/00000001/9f3a61c0e2b47d18-0-0-0.jpg").bytes.resize(10);

  for (int tries = 0; tries < 5 && keeping.has(0); ++tries) EXPECT_FALSE(keeping.spool.load({kBoot, 0}));

  Loss loss;
  ASSERT_TRUE(keeping.losses.next(&loss));
  EXPECT_STREQ(c_str(loss.reason), "damaged");
  EXPECT_TRUE(keeping.spool.load({kBoot, 1}));
}

// What was at risk in the ring when the power went is confessed; what had reached the spool is not.
TEST(Losses, ConfessWhatThePowerCutTook) {
  FakeFiles files;
  {
    Keeping keeping(files);
    ASSERT_TRUE(keeping.spool.open());
    for (std::uint64_t number = 0; number < 5; ++number) keeping.losses.mark({kBoot, number}, LossReason::AtRisk);
    ASSERT_TRUE(keeping.losses.commit());
    keeping.store(2);
    Loss none;
    EXPECT_FALSE(keeping.losses.next(&none)) << "nothing is lost while there is power";
  }
  Keeping after(files);
  ASSERT_TRUE(after.spool.open());

  for (const std::uint64_t number : {0u, 1u, 3u, 4u}) EXPECT_TRUE(after.has_lost(number)) << number;
  EXPECT_FALSE(after.has_lost(2));
  Loss loss;
  ASSERT_TRUE(after.losses.next(&loss));
  EXPECT_STREQ(c_str(loss.reason), "power-cut");
}

// Random marks and clears agree with a plain set, are durable at each commit, and never overlap.
TEST(Losses, AgreeWithASet) {
  FakeFiles files;
  Keeping keeping(files);
  ASSERT_TRUE(keeping.spool.open());
  std::map<std::uint64_t, LossReason> expected;
  std::uint32_t random = 12345;
  const auto draw = [&random](std::uint32_t below) {
    random = random * 1664525 + 1013904223;
    return (random >> 8) % below;
  };
  for (int step = 0; step < 2000; ++step) {
    const std::uint64_t from = draw(60), to = from + draw(5);
    const auto reason = static_cast<LossReason>(1 + draw(3));
    const auto before = expected;
    if (draw(2) == 0) {
      keeping.losses.mark(kBoot, from, to, reason);
      for (std::uint64_t number = from; number <= to; ++number) expected[number] = reason;
    } else {
      keeping.losses.clear(kBoot, from, to);
      for (std::uint64_t number = from; number <= to; ++number) expected.erase(number);
    }
    if (!keeping.losses.commit()) expected = before;

    Keeping after(files);
    ASSERT_TRUE(after.losses.open());
    std::map<std::uint64_t, LossReason> got;
    for (std::size_t i = 0; i < after.losses.size(); ++i) {
      const Loss& range = after.losses.at(i);
      for (std::uint64_t number = range.from; number <= range.to; ++number) {
        ASSERT_EQ(got.count(number), 0u) << number << " twice, step " << step;
        got[number] = range.reason;
      }
    }
    ASSERT_EQ(got, expected) << "step " << step;
  }
}

// Only what a kept answer carried is forgotten; what was added meanwhile stays.
TEST(Losses, ForgetOnlyWhatWasConfessed) {
  FakeFiles files;
  Keeping keeping(files);
  ASSERT_TRUE(keeping.spool.open());
  keeping.losses.mark(kBoot, 5, 6, LossReason::SpoolFull);
  ASSERT_TRUE(keeping.losses.commit());
  Loss told;
  ASSERT_TRUE(keeping.losses.next(&told));
  keeping.losses.mark({kBoot, 7}, LossReason::SpoolFull);  // joins the range while it is on its way
  ASSERT_TRUE(keeping.losses.commit());

  ASSERT_TRUE(keeping.losses.confessed(told));

  Loss left;
  ASSERT_TRUE(keeping.losses.next(&left));
  EXPECT_EQ(left.from, 7u);
  EXPECT_EQ(left.to, 7u);
}

// A power cut at any call of a commit leaves the word before it or the new one, never neither.
TEST(Losses, SurviveAPowerCutAtEveryCall) {
  for (const Unsynced unsynced : {Unsynced::Gone, Unsynced::Empty, Unsynced::Half, Unsynced::Whole}) {
    bool was_cut = true;
    for (std::uint64_t cut = 1; was_cut; ++cut) {
      ASSERT_LT(cut, 200u);
      FakeFiles files;
      std::uint64_t committed = 0, tried = 0;
      {
        Keeping keeping(files);
        ASSERT_TRUE(keeping.spool.open());
        files.unsynced = unsynced;
        files.cut_at = files.calls + cut;
        for (std::uint64_t number = 0; number < 6 && !files.is_off; ++number) {
          keeping.losses.mark({kBoot, number * 2}, LossReason::Sensor);
          ++tried;
          if (keeping.losses.commit()) committed = tried;
        }
      }
      was_cut = files.is_off;
      files.power_on();
      Keeping after(files);
      ASSERT_TRUE(after.losses.open());

      EXPECT_GE(after.losses.size(), committed) << "cut at " << cut;
      EXPECT_LE(after.losses.size(), tried) << "cut at " << cut;
    }
  }
}

}  // namespace
}  // namespace camera
