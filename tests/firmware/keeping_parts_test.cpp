// The smaller parts: boot, time through sleep, settings, ring, the Wi-Fi ladder, set-up, health, digest, CRC.
#include <gtest/gtest.h>

#include "World.h"
#include "core/Crc32.h"
#include "core/UpTime.h"

namespace camera::testing {
namespace {

// Numbers go on through deep sleep without a hole, and any other start begins a new boot.
TEST(Boot, GoesOnOnlyThroughDeepSleep) {
  BootMemory memory;
  WorldRandom random;
  std::uint64_t id = 0;
  for (std::uint64_t wake = 0; wake < 4; ++wake) {
    Boot boot(memory);
    ASSERT_TRUE(boot.draw(random));
    if (wake == 0) id = boot.id();
    EXPECT_EQ(boot.is_wake(), wake > 0);
    EXPECT_EQ(boot.next(), (FrameName{id, 2 * wake}));
    EXPECT_EQ(boot.next(), (FrameName{id, 2 * wake + 1}));
  }
  for (std::uint32_t i = 0; i < BootMemory::kMostCarried; ++i) {
    Boot boot(memory);
    ASSERT_TRUE(boot.carry(Loss{id, i, i, LossReason::Sensor}));
    const BootMemory whole = memory;
    memory.carried[i].to += 1;
    EXPECT_FALSE(Boot(memory).is_known()) << "what is carried is sealed too";
    memory = whole;
    EXPECT_EQ(Boot(memory).carried(), i + 1);
  }
  memory.next_number = 3;  // memory that lost its power holds anything
  Boot torn(memory);
  EXPECT_FALSE(torn.is_known());
  ASSERT_TRUE(torn.draw(random));
  EXPECT_NE(torn.id(), id);
  EXPECT_EQ(torn.next().number, 0u);
}

// `up` bridges sleep by the clock that sleep does not stop, and never goes back, whatever that clock does.
TEST(UpTime, BridgesDeepSleep) {
  UpTime first;
  first.begin(UpTimeMemory(), 5'000'000'000, 200'000);
  EXPECT_EQ(first.up_us(300'000), 300'000);
  const UpTimeMemory memory = first.before_sleep(5'001'000'000, 1'200'000);

  UpTime woken;
  woken.begin(memory, 5'601'300'000, 300'000);  // ten minutes of sleep, and 0.3 s since the wake
  EXPECT_EQ(woken.up_us(300'000), 601'500'000);

  UpTime set_back;
  set_back.begin(memory, 1'000, 300'000);
  EXPECT_GE(set_back.up_us(300'000), memory.up_us);
}

// Settings are judged as a whole: one bad value refuses all of them, with a sentence; unknown keys are passed over.
TEST(Settings, AreJudgedAsAWhole) {
  for (const char* good : {"version=8, interval_s=30, size=\"SVGA\", quality=12", "size=UXGA", "new_thing=(1 2), flip",
                           "windows=\"06:00-20:00\", when_full=oldest, brightness=-2"}) {
    Settings settings;
    EXPECT_EQ(settings.read(Fields(good)), "") << good;
  }
  for (const char* bad : {"interval_s=-1", "interval_s=\"30\"", "size=\"HUGE\"", "size=3", "quality=64", "quality=3", "flip=1",
                          "windows=\"all day\"", "when_full=\"never\"", "brightness=3", "interval_s=604801", "broken=", "sleep=yes"}) {
    Settings settings;
    EXPECT_NE(settings.read(Fields(bad)), "") << bad;
  }
}

// What is written is read back the same.
TEST(Settings, AreReadAsWritten) {
  Settings settings;
  ASSERT_EQ(settings.read(Fields("version=8, interval_s=5, size=HD, quality=20, flip, mirror, brightness=-1, settle_ms=9,"
                                 "settle_frames=3, delay2_s=7, motion_pause_s=4, windows=\"06:00-20:00\","
                                 "utc_offset_min=-90, sleep, when_full=newest, shot=9")), "");
  FixedText<kMaxNote> once, twice;
  ASSERT_TRUE(settings.write(once));
  Settings again;
  ASSERT_EQ(again.read(Fields(once.view())), "");

  ASSERT_TRUE(again.write(twice));

  EXPECT_EQ(once.view(), twice.view());
  EXPECT_EQ(again.sensor.size, FrameSize::HD);
  EXPECT_TRUE(again.sleep);
}

// What is pushed comes out whole and in order, through wraps and releases in any order; what does not fit is counted.
TEST(Ring, HoldsFramesAndCountsWhatDidNotFit) {
  Slot slots[8];
  std::uint8_t room[1000];
  Ring ring(slots, 8, Room{room, sizeof room});
  WorldClock clock;
  WorldSource source(clock);
  std::uint32_t random = 7;
  const auto draw = [&random](std::uint32_t below) { return (random = random * 1664525 + 1013904223, (random >> 8) % below); };
  std::uint64_t pushed = 0, expected = 0, missed = 0, released_frames = 0;
  const auto byte_of = [](std::uint64_t number) { return static_cast<std::uint8_t>(number * 37); };

  for (int step = 0; step < 20'000; ++step) {
    if (draw(2) == 0) {
      const std::vector<std::uint8_t> bytes(1 + draw(400), byte_of(pushed));
      ++source.lent;
      Frame frame(source, Bytes{bytes.data(), bytes.size()});
      frame.name = {5, pushed++};
      if (!ring.push(frame)) ring.miss(frame.name, LossReason::RingFull);
    } else if (ring.size() > 0) {
      for (std::uint32_t i = 0; i < ring.size(); ++i) {
        const Slot& slot = ring.at(i);
        for (std::size_t at = 0; at < slot.bytes.size; ++at) ASSERT_EQ(slot.bytes.data[at], byte_of(slot.name.number));
      }
      Slot& slot = ring.at(draw(ring.size()));
      if (!slot.is_released) {
        missed += slot.is_missed ? slot.count : 0;
        released_frames += !slot.is_missed;
        Frame lent = slot.is_missed ? Frame() : ring.lend(slot);
        ring.release(slot);
      }
    }
  }
  for (std::uint32_t i = 0; i < ring.size(); ++i) {
    const Slot& slot = ring.at(i);
    if (!slot.is_released) expected += slot.is_missed ? slot.count : 1;
  }
  EXPECT_GT(missed, 0u);
  EXPECT_LE(pushed - (released_frames + missed + expected), 400u) << "the rest is a run that has found no slot yet";
  while (ring.size() > 0)
    for (std::uint32_t i = 0; i < ring.size(); ++i) ring.release(ring.at(i));
  std::uint64_t left = pushed - (released_frames + missed + expected);
  ring.miss({5, pushed++}, LossReason::RingFull);
  ++left;
  for (std::uint32_t i = 0; i < ring.size(); ++i) left -= ring.at(i).is_missed ? ring.at(i).count : 0;
  EXPECT_EQ(left, 0u) << "no number is left out";
  EXPECT_EQ(source.lent, 0);
}

// A run of missed numbers that found no slot is there until it has one, whether or not anything else is missed.
TEST(Ring, IsNotEmptyWhileAMissedRunHasNoSlot) {
  Slot slots[1];
  std::uint8_t room[100];
  Ring ring(slots, 1, Room{room, sizeof room});
  ring.miss({5, 0}, LossReason::Sensor);
  ring.miss({5, 1}, LossReason::Sensor);
  ring.release(ring.at(0));
  EXPECT_EQ(ring.size(), 0u);
  EXPECT_FALSE(ring.is_empty());

  ring.settle();

  ASSERT_EQ(ring.size(), 1u);
  EXPECT_EQ(ring.at(0).name.number, 1u);
  ring.release(ring.at(0));
  EXPECT_TRUE(ring.is_empty());
}

// A frame that is lent stays where it is until it is given back, released or not.
TEST(Ring, HoldsALentFrame) {
  Slot slots[2];
  std::uint8_t room[100];
  Ring ring(slots, 2, Room{room, sizeof room});
  WorldClock clock;
  WorldSource source(clock);
  source.lent = 1;
  const std::vector<std::uint8_t> bytes(60, 1);
  Frame frame(source, Bytes{bytes.data(), bytes.size()});
  ASSERT_TRUE(ring.push(frame));

  Frame lent = ring.lend(ring.at(0));
  ring.release(ring.at(0));
  EXPECT_FALSE(ring.push(frame)) << "its room is still in use";
  lent.drop();

  EXPECT_TRUE(ring.push(frame));
}

// The ladder climbs with silence: the next network, the radio, the board; one word from the archive and it is down again.
TEST(WifiLadder, ClimbsWithSilence) {
  WifiLadder ladder;
  ladder.begin(2, 0);
  EXPECT_EQ(ladder.step(false, true, 0), WifiLadder::Step::Join);
  EXPECT_EQ(ladder.network(), 0u);
  EXPECT_EQ(ladder.step(false, true, WifiLadder::kJoinMs), WifiLadder::Step::Join);
  EXPECT_EQ(ladder.network(), 1u) << "the next one";
  int joins = 0, cycles = 0, restarts = 0;
  for (std::uint64_t ms = WifiLadder::kJoinMs; ms <= WifiLadder::kRestartMs; ms += 1000) {
    const auto step = ladder.step(true, true, ms);  // the link is up, and carries nothing
    joins += step == WifiLadder::Step::Join;
    cycles += step == WifiLadder::Step::PowerCycle;
    restarts += step == WifiLadder::Step::Restart;
  }
  EXPECT_GE(joins, 3);
  EXPECT_GE(cycles, 3);
  EXPECT_EQ(restarts, 1);

  std::uint64_t now_ms = WifiLadder::kRestartMs;
  for (int i = 0; i < 3600; ++i, now_ms += 1000) {
    if (i % 60 == 0) ladder.heard(now_ms);
    EXPECT_EQ(ladder.step(true, true, now_ms), WifiLadder::Step::None);
  }
  for (int i = 0; i < 7200; ++i, now_ms += 1000)
    EXPECT_EQ(ladder.step(true, false, now_ms), WifiLadder::Step::None) << "nothing to send proves nothing";
}

constexpr BoardTable kOneBoard{[](std::string_view board) { return board == "xiao-esp32s3-sense"; },
                               [](std::string_view, int pin) { return pin == 10; }};

std::string say(Setup& setup, const std::string& line, const SetupFacts& facts = {}) {
  std::string answer;
  for (const char letter : line + "\r\n")
    if (setup.take(letter, facts)) answer += std::string(setup.answer());
  return answer;
}

// A camera is set up line by line; only `commit` makes it durable; no answer holds a secret.
TEST(Setup, SetsACameraUp) {
  WorldNotes notes;
  notes.notes.clear();
  camera::Setup setup(notes, &kOneBoard);
  setup.begin();
  std::string said;
  said += say(setup, R"(wifi ssid="Barn \"2\"", password="correct horse")");
  said += say(setup, R"(server url="http://archive.local:8080", key="s3cr3t-k3y")");
  said += say(setup, R"(camera id="garden", board="xiao-esp32s3-sense")");
  EXPECT_EQ(said, "ok networks=1okok");
  EXPECT_TRUE(notes.notes.empty());

  said += say(setup, "commit");
  EXPECT_TRUE(setup.was_committed());
  EXPECT_FALSE(setup.was_committed());
  said += say(setup, "status");

  EXPECT_NE(said.find("id=\"garden\""), std::string::npos);
  EXPECT_NE(said.find("has_key"), std::string::npos);
  EXPECT_EQ(said.find("horse"), std::string::npos);
  EXPECT_EQ(said.find("s3cr3t"), std::string::npos);
  Installation installation;
  installation.read(notes);
  EXPECT_EQ(installation.networks[0].ssid.view(), "Barn \"2\"");
  EXPECT_EQ(installation.networks[0].password.view(), "correct horse");
  EXPECT_EQ(installation.key.view(), "s3cr3t-k3y");
  EXPECT_EQ(installation.id.view(), "garden");
}

// What cannot be is answered with `error` and changes nothing, and nothing that was typed comes back.
TEST(Setup, RefusesWhatCannotBe) {
  WorldNotes notes;
  camera::Setup setup(notes, &kOneBoard);
  for (const std::string line :
       {R"(wifi)", R"(wifi ssid="")", R"(wifi ssid="x", password="short")", R"(wifi ssid="x", password=secret99)",
        R"(wifi ssid="123456789012345678901234567890123")", R"(server url="ftp://secret99")", R"(server)",
        R"(server url="http://a", key="has space secret99")", R"(camera id="Garden")", R"(camera board="secret99")", R"(camera)",
        R"(root)", R"(root der="secret99")", R"(root at=5, der=:AAAA:)", R"(root number=2, der=:AAAA:)", R"(root der=:AAA:)",
        R"(pins)", R"(pins button1=49)", R"(pins button1="secret99")", R"(pins button1=1, motion=1)", R"(pins buzzer=5)",
        R"(erase)", R"(wifi ssid="secret99)", R"(password secret99)"}) {
    const std::string answer = say(setup, line);

    EXPECT_EQ(answer.rfind("error reason=\"", 0), 0u) << line << " → " << answer;
    EXPECT_EQ(answer.find("secret99"), std::string::npos) << line << " → " << answer;
    EXPECT_TRUE(Fields(answer.substr(6)).is_valid()) << answer;
  }
  EXPECT_EQ(setup.staged().network_count, 0u);
  EXPECT_EQ(say(setup, std::string(10'000, 'x')).rfind("error", 0), 0u);
  EXPECT_EQ(say(setup, ""), "") << "an empty line asks nothing";
  notes.is_broken = true;
  EXPECT_EQ(say(setup, "commit").rfind("error", 0), 0u);
}

// What is not said of the server stays as it is: a new address leaves the key, a key needs no address, an empty one is none.
TEST(Setup, KeepsWhatIsNotSaidOfTheServer) {
  WorldNotes notes;
  camera::Setup setup(notes, &kOneBoard);
  setup.begin();
  EXPECT_EQ(say(setup, R"(server key="k3y")"), "ok") << "the archive is found by looking";
  EXPECT_EQ(setup.staged().key.view(), "k3y");

  EXPECT_EQ(say(setup, R"(server url="http://b.local")"), "ok");
  EXPECT_EQ(setup.staged().key.view(), "k3y");
  EXPECT_EQ(say(setup, R"(server url="http://c.local", key="no key")").rfind("error", 0), 0u);
  EXPECT_EQ(setup.staged().url.view(), "http://b.local") << "all or nothing";
  EXPECT_EQ(say(setup, R"(server key="")"), "ok");

  EXPECT_EQ(setup.staged().key.view(), "");
  EXPECT_EQ(setup.staged().url.view(), "http://b.local");
}

// What the camera drew meanwhile outlives a commit; an empty key ends it, and the camera draws another.
TEST(Setup, LeavesTheCamerasOwnKeyUntilItIsToldTo) {
  WorldNotes notes;
  WorldRandom random;
  camera::Setup setup(notes, &kOneBoard);
  setup.begin();
  Installation camera;
  ASSERT_TRUE(camera.draw_key(random, notes));
  const std::string key(camera.own_key.view());

  EXPECT_EQ(say(setup, R"(camera id="barn")"), "ok");
  EXPECT_EQ(say(setup, "commit"), "ok");
  camera.read(notes);
  EXPECT_EQ(camera.key_to_show(), key);
  EXPECT_EQ(say(setup, R"(server key="")"), "ok");
  camera.read(notes);
  EXPECT_EQ(camera.key_to_show(), key) << "nothing counts before the commit";
  EXPECT_EQ(say(setup, "commit"), "ok");
  camera.read(notes);
  EXPECT_TRUE(camera.key_to_show().empty());
  ASSERT_TRUE(camera.draw_key(random, notes));
  EXPECT_NE(camera.key_to_show(), key);

  EXPECT_EQ(say(setup, R"(server url="http://b.local")"), "ok");
  EXPECT_EQ(say(setup, "commit"), "ok");
  Installation after;
  after.read(notes);
  EXPECT_EQ(after.key_to_show(), camera.key_to_show()) << "it is ended once";
}

// A key that the camera renewed meanwhile is not brought back by a commit that says nothing of it.
TEST(Setup, BringsNoKeyBackThatWasRenewed) {
  WorldNotes notes;
  WorldRandom random;
  notes.notes["server"] = "url=\"http://archive.local\", key=\"cam_0a1b2c3d_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"";
  camera::Setup setup(notes, &kOneBoard);
  setup.begin();
  Installation camera;
  camera.read(notes);
  ASSERT_TRUE(camera.draw_next_key(random, notes));
  ASSERT_TRUE(camera.take_next_key(notes));

  EXPECT_EQ(say(setup, R"(camera id="barn")"), "ok");
  EXPECT_EQ(say(setup, "commit"), "ok");

  Installation after;
  after.read(notes);
  EXPECT_EQ(after.key_to_show(), camera.key_to_show());
  EXPECT_EQ(after.id.view(), "barn");
}

// Whoever is to let the camera in sees the end of its key, and nobody sees more.
TEST(Setup, TellsWhetherItAsksToJoin) {
  WorldNotes notes;
  camera::Setup setup(notes, &kOneBoard);
  setup.begin();
  SetupFacts facts;
  facts.is_joining = true;
  facts.key_end = "x-9_";
  facts.at = "https://new.example";

  const std::string said = say(setup, "status", facts);

  const Fields fields(std::string_view(said).substr(3));
  EXPECT_EQ(fields.boolean("joining"), true) << said;
  FixedText<192> text;
  EXPECT_TRUE(fields.string("key_end", text));
  EXPECT_EQ(text.view(), "x-9_");
  EXPECT_EQ(say(setup, "status").find("joining"), std::string::npos);
}

// What people call their network may have any letter.
TEST(Setup, TakesANetworkOfAnyName) {
  WorldNotes notes;
  camera::Setup setup(notes, &kOneBoard);
  setup.begin();

  EXPECT_EQ(say(setup, R"(wifi ssid=%"Caf%c3%a9 %22%25%22", password=%"gr%c3%bc%c3%9fe-90")"), "ok networks=1");
  EXPECT_EQ(say(setup, "commit"), "ok");

  Installation installation;
  installation.read(notes);
  EXPECT_EQ(installation.networks[0].ssid.view(), "Caf\xc3\xa9 \"%\"");
  EXPECT_EQ(installation.networks[0].password.view(), "gr\xc3\xbc\xc3\x9f" "e-90");
}

// A root comes in pieces and counts from the commit on; an https address is taken with one alone.
TEST(Setup, TakesRootsInPieces) {
  WorldNotes notes;
  camera::Setup setup(notes, &kOneBoard);
  setup.begin();
  const std::string der = std::string("\x30\x82\x02\x58", 4) + std::string(600, 'c');
  const auto piece = [&der, &setup](int number, std::size_t at, std::size_t size) {
    FixedText<512> line;
    line.add("root ");
    const auto* data = reinterpret_cast<const std::uint8_t*>(der.data()) + at;
    FieldsWriter(line).integer("number", number).integer("at", static_cast<std::int64_t>(at)).bytes("der", {data, size});
    return say(setup, std::string(line.view()));
  };
  EXPECT_EQ(say(setup, R"(server url="https://a.example")"), "ok");
  EXPECT_NE(say(setup, "commit").find("needs its root"), std::string::npos);
  EXPECT_EQ(piece(1, 0, 300), "ok size=300");
  EXPECT_NE(say(setup, "commit").find("not a whole certificate"), std::string::npos);
  EXPECT_EQ(piece(1, 301, 200).rfind("error", 0), 0u);
  EXPECT_EQ(piece(1, 300, 304), "ok size=604");
  EXPECT_EQ(piece(2, 0, 300), "ok size=300");
  EXPECT_EQ(piece(2, 300, 304), "ok size=604");
  EXPECT_EQ(notes.notes.count("root1"), 0u);

  EXPECT_EQ(say(setup, "commit"), "ok");

  EXPECT_EQ(notes.notes["root1"], der);
  EXPECT_EQ(notes.notes["root2"], der);
  EXPECT_TRUE(setup.wants_restart());
  EXPECT_NE(say(setup, "status").find("has_root,"), std::string::npos);

  piece(1, 0, 300);
  camera::Setup after_a_power_cut(notes, &kOneBoard);
  after_a_power_cut.begin();
  EXPECT_EQ(say(after_a_power_cut, "commit"), "ok") << "what was begun before is forgotten";
  EXPECT_EQ(notes.notes["root1"], der);

  camera::Setup later(notes, &kOneBoard);
  later.begin();
  const auto say_to = [&later](const std::string& line) { return say(later, line); };
  FixedText<512> line;
  line.add("root ");
  const std::string small = std::string("\x30\x82\x00\x03", 4) + "new";
  FieldsWriter(line).bytes("der", {reinterpret_cast<const std::uint8_t*>(small.data()), small.size()});
  EXPECT_EQ(say_to(std::string(line.view())), "ok size=7");
  EXPECT_EQ(say_to("commit"), "ok");
  EXPECT_EQ(notes.notes["root1"], small);
  EXPECT_EQ(notes.notes.count("root2"), 0u) << "new roots take the place of all there were";
}

// Buttons and motion are put on pins that the board leaves free.
TEST(Setup, PutsButtonsOnPins) {
  WorldNotes notes;
  camera::Setup setup(notes, &kOneBoard);
  setup.begin();
  EXPECT_EQ(say(setup, R"(camera board="xiao-esp32s3-sense")"), "ok");
  EXPECT_NE(say(setup, "pins button1=10").find("needs one of these"), std::string::npos);

  EXPECT_EQ(say(setup, "pins button1=0, motion=4"), "ok");
  EXPECT_EQ(notes.notes.count("pins"), 0u);
  EXPECT_EQ(say(setup, "commit"), "ok");

  EXPECT_EQ(notes.notes["pins"], "button1=0, motion=4");
  EXPECT_TRUE(setup.wants_restart());
  EXPECT_NE(say(setup, "status").find("button1=0, motion=4"), std::string::npos);
}

// A key is drawn in the archive's own form: every bit of it random, another each time, none from a source that stands still.
TEST(Installation, DrawsAKeyOfTheArchivesForm) {
  WorldNotes notes;
  WorldRandom random;
  std::set<std::string> keys;
  std::set<char> letters;
  for (int at = 0; at < 1000; ++at) {
    Installation camera;
    ASSERT_TRUE(camera.draw_key(random, notes));
    const std::string key(camera.key_to_show());
    ASSERT_EQ(key.size(), 56u);
    EXPECT_EQ(key.substr(0, 4) + key.substr(12, 1), "cam__");
    EXPECT_EQ(key.find_first_not_of("0123456789abcdef", 4), 12u) << key;
    letters.insert(key.begin() + 13, key.end());
    keys.insert(key);
  }
  EXPECT_EQ(keys.size(), 1000u);
  EXPECT_EQ(std::string(letters.begin(), letters.end()), "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz");

  Installation camera;
  random.is_dead = true;
  EXPECT_FALSE(camera.draw_key(random, notes));
  random.is_dead = false;
  notes.is_broken = true;
  EXPECT_FALSE(camera.draw_key(random, notes));
  EXPECT_TRUE(camera.key_to_show().empty());
}

// Four networks are remembered, the one named last first; naming one again changes it.
TEST(Installation, RemembersFourNetworks) {
  Installation installation;
  for (const char* ssid : {"a", "b", "c", "d", "b", "e"}) ASSERT_TRUE(installation.add_network(ssid, ""));

  std::string order;
  for (std::size_t i = 0; i < installation.network_count; ++i) order += std::string(installation.networks[i].ssid.view());

  EXPECT_EQ(order, "ebdc");
}

// The status is a dictionary that fits its field, and says what the archive acts on first.
TEST(Health, WritesAStatusThatFits) {
  Health health;
  health.id = "xiao-3f2a";
  health.firmware = "1.0.0";
  health.board = "xiao-esp32s3-sense";
  health.sensor = "OV3660";
  health.vitals = {"brownout", 999, 999, 100'000, 8'000'000, 3712, -40};
  health.rssi_dbm = -100;
  health.up_s = health.spooled = health.lost = health.oversized = health.discarded = health.skipped = health.failed_sends = 999'999'999;
  health.address = 2147483647;
  health.settings = health.settings_refused = 999'999'999;
  health.waiting = health.refused = 9999;
  health.quality = 12;
  health.has_spool = false;
  const std::string fault(160, 'f');
  health.sensor_fault = fault;
  FixedText<kMaxStatus> status;

  health.write(status);

  const Fields fields(status.view());
  ASSERT_TRUE(fields.is_valid()) << status.view();
  EXPECT_TRUE(fields.has("sensor_fault")) << "even at its longest all of it fits: " << status.size();
  EXPECT_EQ(status.view().rfind("id=\"xiao-3f2a\", settings=999999999, address=2147483647, firmware=", 0), 0u);
}

// The CRC is the usual one (its check value), also of pieces.
TEST(Crc32, IsThatOfIeee8023AndGoesOnInPieces) {
  EXPECT_EQ(crc32("123456789", 9), 0xCBF43926U);
  EXPECT_EQ(crc32("56789", 5, crc32("1234", 4)), 0xCBF43926U);
}

// The digest is SHA-256 (FIPS 180-4's own examples, and every length around a block's end).
TEST(PlainDigest, IsSha256) {
  PlainDigest digest;
  const auto hex = [&digest](const std::string& text) {
    const Sha256 sum = digest.sha256(Bytes{reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    std::string digits;
    for (const std::uint8_t byte : sum) {
      digits += "0123456789abcdef"[byte >> 4];
      digits += "0123456789abcdef"[byte & 15];
    }
    return digits;
  };
  EXPECT_EQ(hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hex(std::string(1'000'000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

}  // namespace
}  // namespace camera::testing
