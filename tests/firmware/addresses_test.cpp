// Addresses: which of the archive's addresses is in use, by what became of what was sent, and what is never in use.
#include "core/Addresses.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "Json.h"
#include "World.h"

namespace camera::testing {
namespace {

constexpr std::uint64_t kMinuteMs = 60'000;
constexpr std::string_view kHome = "http://archive.local:5555", kHomeTls = "https://home.example";
constexpr std::string_view kBoth = "version=5, public=\"https://new.example\", local=\"http://192.168.1.20:5555\"";

class Moving : public ::testing::Test {
 protected:
  Moving() { addresses.begin(kHome, now_ms); }

  /// Something is sent every half a minute, in vain but at `works`, until it is kept or so many times.
  std::string try_until_kept(std::string_view works, int times = 100) {
    for (int i = 0; i < times; ++i, now_ms += kMinuteMs / 2) {
      addresses.enter(network, now_ms);
      if (order.empty() || order.back() != addresses.current()) order.emplace_back(addresses.current());
      const bool is_kept = addresses.current() == works;
      addresses.sent(is_kept ? SendResult::Kept : SendResult::Unreachable, network, now_ms, is_hurried);
      if (is_kept) break;
    }
    return std::string(addresses.current());
  }

  void learn(std::string_view field) {
    addresses.sent(SendResult::Kept, network, now_ms, false);
    addresses.offer(field, network);
  }

  void start_anew() {
    addresses.begin(kHome, now_ms);
    order.clear();
  }

  std::uint64_t now_ms = 1'000'000;
  std::string network = "Barn";
  bool is_hurried = false;
  WorldNotes notes;
  Addresses addresses{notes};
  std::vector<std::string> order;
};

TEST_F(Moving, WithoutToldAddressesStaysWhereItIs) {
  EXPECT_EQ(try_until_kept(""), kHome);
  EXPECT_FALSE(addresses.is_searching());
  EXPECT_TRUE(notes.notes.count("addresses") == 0);
}

TEST_F(Moving, TriesTheLocalOneAndThenThePublicOneAndThenFromTheFront) {
  learn(kBoth);

  try_until_kept("");

  ASSERT_GE(order.size(), 4u);
  order.resize(4);
  EXPECT_EQ(order, (std::vector<std::string>{std::string(kHome), "http://192.168.1.20:5555", "https://new.example", std::string(kHome)}));
}

TEST_F(Moving, IsPatientWithAnAddressThatFailsForAMoment) {
  learn(kBoth);
  for (int i = 0; i < 50; ++i, now_ms += 2000) {  // failures, but not for long
    EXPECT_FALSE(addresses.sent(SendResult::NoEcho, network, now_ms, false));
  }
  EXPECT_FALSE(addresses.sent(SendResult::Again, network, now_ms, false)) << "the archive's own word";
  for (int i = 0; i < 2; ++i, now_ms += 10 * kMinuteMs) {  // for long, but not often
    EXPECT_FALSE(addresses.sent(SendResult::Timeout, network, now_ms, false));
  }
  EXPECT_TRUE(addresses.sent(SendResult::Timeout, network, now_ms, false));
}

TEST_F(Moving, BeginsAtTheOneThatProvedItself) {
  learn(kBoth);
  EXPECT_EQ(try_until_kept("https://new.example"), "https://new.example");

  start_anew();

  EXPECT_EQ(addresses.current(), "https://new.example");
  EXPECT_EQ(addresses.version(), 5u);
  EXPECT_EQ(try_until_kept(kHome), kHome) << "the address that was set up is never forgotten";
  start_anew();
  EXPECT_EQ(addresses.current(), kHome);
}

TEST_F(Moving, TrustsNoToldAddressBeforeItKeptSomething) {
  learn(kBoth);
  try_until_kept("", 6);
  EXPECT_EQ(addresses.current(), "http://192.168.1.20:5555");
  for (int i = 0; i < 6; ++i, now_ms += kMinuteMs) addresses.sent(SendResult::Again, network, now_ms, false);
  EXPECT_NE(addresses.current(), "http://192.168.1.20:5555") << "anybody can say `again`";

  start_anew();

  EXPECT_EQ(addresses.current(), kHome);
}

TEST_F(Moving, KeepsWhatWorksUntilTheNewerOneHasProvedItself) {
  learn(kBoth);
  try_until_kept("https://new.example");
  learn("version=6, public=\"https://newer.example\"");
  EXPECT_EQ(addresses.current(), "https://new.example");
  EXPECT_EQ(addresses.version(), 6u);

  start_anew();
  EXPECT_EQ(try_until_kept("https://newer.example"), "https://newer.example") << "the old one has gone";

  EXPECT_EQ(order.back(), "https://newer.example");
  start_anew();
  EXPECT_EQ(addresses.current(), "https://newer.example");
}

TEST_F(Moving, LooksOnceAnHourWhetherItCanGoHome) {
  learn(kBoth);
  try_until_kept("https://new.example");
  order.clear();
  now_ms += Addresses::kAwayMs;

  EXPECT_EQ(try_until_kept("https://new.example"), "https://new.example");

  EXPECT_EQ(order, (std::vector<std::string>{std::string(kHome), "http://192.168.1.20:5555", "https://new.example"}))
      << "one try each";
  order.clear();
  EXPECT_EQ(try_until_kept("https://new.example"), "https://new.example");
  EXPECT_EQ(order.size(), 1u) << "and not again soon";
  now_ms += Addresses::kAwayMs;
  EXPECT_EQ(try_until_kept(kHome), kHome);
}

TEST_F(Moving, WhoSleepsTriesEachOnceBeforeItSleeps) {
  learn(kBoth);
  is_hurried = true;
  int tries = 0;
  do {
    addresses.enter(network, now_ms);
    addresses.sent(SendResult::Unreachable, network, ++now_ms, true);
    ++tries;
  } while (addresses.is_searching());

  EXPECT_EQ(tries, 3);
}

// The key shall not reach whoever has the archive's numbers in another network.
TEST_F(Moving, InTheClearOnlyInTheNetworkWhereItWasTold) {
  learn(kBoth);
  network = "Elsewhere";
  try_until_kept("");
  for (const std::string& tried : order) EXPECT_NE(tried, "http://192.168.1.20:5555");

  network = "Barn";
  EXPECT_EQ(try_until_kept("http://192.168.1.20:5555"), "http://192.168.1.20:5555");
  network = "Elsewhere";
  order.clear();
  try_until_kept("");

  for (const std::string& tried : order) EXPECT_NE(tried, "http://192.168.1.20:5555");
}

TEST_F(Moving, WhatIsToldFromOutsideOfAnotherNetworkIsNotUsedHere) {
  learn(kBoth);
  try_until_kept("https://new.example");
  learn("version=6, public=\"https://new.example\", local=\"http://10.0.0.9:5555\"");

  order.clear();
  try_until_kept("");

  for (const std::string& tried : order) EXPECT_NE(tried, "http://10.0.0.9:5555");
}

TEST_F(Moving, WhoWasSetUpWithTlsNeverGoesWithoutIt) {
  addresses.begin(kHomeTls, now_ms);
  learn("version=5, public=\"https://new.example\", local=\"http://192.168.1.20:5555\"");
  EXPECT_EQ(addresses.version(), 5u);

  try_until_kept("");

  for (const std::string& tried : order) EXPECT_EQ(tried.rfind("https://", 0), 0u) << tried;
}

TEST_F(Moving, WhatIsMalformedIsIgnored) {
  for (const char* const field :
       {"", "version=0, public=\"https://new.example\"", "version=-1, public=\"https://new.example\"",
        "public=\"https://new.example\"", "version=\"5\", public=\"https://new.example\"", "version=5, public=https",
        "version=5, public=\"http://new.example\"", "version=5, public=\"ftp://new.example\"",
        "version=5, local=\"192.168.1.20\"", "version=5, public=\"https://new.example\", !"}) {
    learn(field);
    EXPECT_EQ(addresses.version(), 0u) << field;
  }
  EXPECT_EQ(notes.writes["addresses"], 0);
  EXPECT_EQ(try_until_kept(""), kHome);
}

TEST_F(Moving, TheArchivesVectorsAreReadAsItReadsThem) {
  const Json vectors = Json::read_file(VECTORS "/fields.json");
  for (const Json& vector : vectors["addresses"].items) {
    SCOPED_TRACE(vector["text"].text);
    notes.notes.clear();
    start_anew();
    learn(vector["text"].text);
    const std::uint64_t told = vector.has("fault") ? 0 : static_cast<std::uint64_t>(vector["version"].number());
    EXPECT_EQ(addresses.version(), told);

    try_until_kept("", 20);

    for (const char* const place : {"public", "local"}) {
      const bool is_tried = vector.has(place) && std::find(order.begin(), order.end(), vector[place].text) != order.end();
      EXPECT_EQ(is_tried, vector.has(place) && !vector.has("fault")) << place;
    }
  }
}

TEST_F(Moving, IsWrittenDownWhenItIsNewAlone) {
  for (int i = 0; i < 10; ++i) learn(kBoth);
  EXPECT_EQ(notes.writes["addresses"], 1);
  notes.is_broken = true;
  learn("version=6, public=\"https://newer.example\"");
  EXPECT_EQ(addresses.version(), 5u) << "so the archive tells it again";
  notes.is_broken = false;

  learn("version=6");

  EXPECT_EQ(addresses.version(), 6u);
  EXPECT_EQ(try_until_kept(""), kHome) << "told that there is no other";
}

TEST_F(Moving, AnotherArchiveBeginsWithNothingOfTheFirst) {
  learn(kBoth);
  try_until_kept("https://new.example");

  addresses.begin("http://other.local", now_ms);

  EXPECT_EQ(addresses.version(), 0u);
  EXPECT_EQ(try_until_kept(""), "http://other.local");
}

}  // namespace
}  // namespace camera::testing
