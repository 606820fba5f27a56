// Fields: the grammar of RFC 9651, held against the vectors that the archive's own tests read.
#include "core/Fields.h"

#include <gtest/gtest.h>

#include <string>

#include "Json.h"
#include "core/Contract.h"
#include "core/Request.h"
#include "parsers_fuzz.h"

namespace camera::testing {
namespace {

const Json& vectors() {
  static const Json json = Json::read_file(VECTORS "/fields.json");
  return json;
}

std::string string_of(const Fields& fields, std::string_view key) {
  FixedText<8192> text;
  EXPECT_TRUE(fields.string(key, text)) << key;
  return std::string(text.view());
}

// Every byte comes back, as text and as bytes, and what is no base64 is not taken for some.
TEST(Fields, TextAndBytesComeBack) {
  for (int length = 0; length < 40; ++length) {
    std::string text;
    for (int i = 0; i < length; ++i) text += static_cast<char>(i * 37 + length * 11);
    EXPECT_TRUE(text_comes_back(text)) << length;
  }
  FixedText<64> out;
  for (const char* const broken : {"b=:A:", "b=:AAA:", "b=:A=AA:", "b=:====:", "b=\"AAAA\""}) {
    EXPECT_FALSE(Fields(broken).bytes("b", out)) << broken;
    EXPECT_TRUE(out.is_empty() && out.is_whole());
  }
  FixedText<5> small;
  EXPECT_FALSE(Fields("b=:AAAAAAAA:").bytes("b", small));
  EXPECT_TRUE(small.is_empty() && small.is_whole());
}

TEST(FieldsVectors, GrammarIsJudgedAsTheArchiveJudgesIt) {
  int seen = 0;
  for (const char* const kind : {"claim", "echo", "lost", "digest", "status", "settings", "clock", "addresses", "next_key"}) {
    for (const Json& vector : vectors()[kind].items) {
      const bool is_broken = vector.has("fault") && vector["fault"].text == "dictionary";
      EXPECT_EQ(Fields(vector["text"].text).is_valid(), !is_broken) << vector["text"].text;
      ++seen;
    }
  }
  EXPECT_GT(seen, 80);
}

TEST(FieldsVectors, ClaimsAreReadAsTheArchiveReadsThem) {
  for (const Json& vector : vectors()["claim"].items) {
    if (vector.has("fault")) continue;
    const Fields fields(vector["text"].text);
    if (vector.has("boot")) {
      EXPECT_EQ(string_of(fields, "boot"), vector["boot"].text);
    }
    for (const char* const key : {"number", "up", "now", "taken"}) {
      EXPECT_EQ(fields.integer(key).has_value(), vector.has(key)) << vector["text"].text;
      if (vector.has(key)) {
        EXPECT_EQ(fields.integer(key), vector[key].number());
      }
    }
  }
}

TEST(FieldsVectors, TheNextKeyIsWrittenAsTheArchiveReadsIt) {
  const Json& vector = vectors()["next_key"].items[0];
  Sha256 hash;
  for (std::size_t at = 0; at < hash.size(); ++at)
    hash[at] = static_cast<std::uint8_t>(std::stoul(vector["sha256"].text.substr(2 * at, 2), nullptr, 16));
  FixedText<128> out;

  EXPECT_TRUE(write_next_key(out, vector["prefix"].text, hash));

  EXPECT_EQ(out.view(), vector["text"].text);
  EXPECT_LE(out.size(), kMaxNextKey);
}

TEST(FieldsVectors, EchoesAreReadAsTheArchiveReadsThem) {
  for (const Json& vector : vectors()["echo"].items) {
    const auto echo = read_echo(vector["text"].text);
    ASSERT_EQ(echo.has_value(), !vector.has("fault")) << vector["text"].text;
    if (!echo) continue;
    FixedText<16> boot;
    boot.add_hex(echo->name.boot);
    EXPECT_EQ(boot.view(), vector["boot"].text);
    EXPECT_EQ(static_cast<std::int64_t>(echo->name.number), vector["number"].number());
    const char* const word = echo->answer == Answer::Kept      ? "kept"
                             : echo->answer == Answer::Refused ? "refused"
                                                               : "again";
    EXPECT_EQ(word, vector["answer"].text);
  }
}

TEST(FieldsVectors, SettingsAndClocksAreRead) {
  for (const Json& vector : vectors()["settings"].items) {
    const Fields fields(vector["text"].text);
    EXPECT_EQ(fields.integer("version"), vector["version"].number());
    for (const auto& [key, value] : vector["values"].members) {
      if (value.kind == Json::Kind::String) {
        EXPECT_EQ(string_of(fields, key), value.text);
      }
      if (value.kind == Json::Kind::Boolean) {
        EXPECT_EQ(fields.boolean(key), value.boolean);
      }
      if (value.kind == Json::Kind::Number && value.is_whole()) {
        EXPECT_EQ(fields.integer(key), value.number());
      }
    }
  }
  for (const Json& vector : vectors()["clock"].items) {
    EXPECT_EQ(read_clock(vector["text"].text), static_cast<std::uint64_t>(vector["now"].number()));
  }
}

TEST(FieldsVectors, CanonicalTextsAreWrittenByteForByte) {
  int written = 0;
  for (const char* const kind : {"claim", "lost", "status", "settings"}) {
    for (const Json& vector : vectors()[kind].items) {
      if (!vector.has("canonical")) continue;
      FixedText<1024> text;
      FieldsWriter writer(text);
      const Fields fields(vector["text"].text);
      Fields::Member member;
      for (std::size_t at = 0; fields.next(at, member);) {
        if (member.kind == Fields::Kind::Integer) writer.integer(member.key, member.number);
        if (member.kind == Fields::Kind::String) writer.string(member.key, string_of(fields, member.key));
      }
      EXPECT_TRUE(writer.is_whole());
      EXPECT_EQ(text.view(), vector["text"].text);
      ++written;
    }
  }
  EXPECT_GT(written, 5);
}

TEST(FieldsVectors, DigestsAreWrittenByteForByte) {
  for (const Json& vector : vectors()["digest"].items) {
    if (!vector.has("canonical")) continue;
    Sha256 sha256;
    for (std::size_t at = 0; at < sha256.size(); ++at) {
      sha256[at] = static_cast<std::uint8_t>(std::stoul(vector["sha256"].text.substr(2 * at, 2), nullptr, 16));
    }
    FixedText<100> text;
    EXPECT_TRUE(write_digest(text, sha256));
    EXPECT_EQ(text.view(), vector["text"].text);
  }
}

TEST(Fields, ADictionaryBrokenAnywhereHasNoMembers) {
  const std::string whole = "boot=\"9f3a61c0e2b47d18\", number=182, answer=kept";
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string broken = whole;
    broken[at] = '\x01';
    const Fields fields(broken);
    EXPECT_FALSE(fields.is_valid());
    EXPECT_FALSE(fields.has("boot") || fields.has("number") || fields.has("answer")) << at;
  }
}

TEST(Fields, WhatIsCutIsNeverTakenForAnotherEcho) {
  const std::string whole = "boot=\"9f3a61c0e2b47d18\", number=182, answer=kept";
  for (std::size_t at = 0; at < whole.size(); ++at) EXPECT_FALSE(read_echo(whole.substr(0, at))) << at;
}

TEST(Fields, DecimalsAreInThousandths) {
  const Fields fields("a=3.71, b=-0.005, c=999999999999.999, d=1.0");
  Fields::Member member;
  std::vector<std::int64_t> got;
  for (std::size_t at = 0; fields.next(at, member);) got.push_back(member.number);
  EXPECT_EQ(got, (std::vector<std::int64_t>{3710, -5, 999'999'999'999'999, 1000}));
  for (const char* const wrong : {"a=1.", "a=.5", "a=1.2345", "a=1234567890123.1", "a=--1", "a=1.-2"}) {
    EXPECT_FALSE(Fields(wrong).is_valid()) << wrong;
  }
}

TEST(Fields, DecimalsAreWrittenWithoutEmptyPlaces) {
  FixedText<100> text;
  FieldsWriter(text).decimal("a", 3710).decimal("b", -5).decimal("c", 2000).decimal("d", 12'345);
  EXPECT_EQ(text.view(), "a=3.71, b=-0.005, c=2.0, d=12.345");
}

TEST(Fields, WhatCannotBeCarriedIsLeftOutWhole) {
  FixedText<40> text;
  FieldsWriter writer(text);
  writer.integer("big", 1'000'000'000'000'000)
      .integer("Key", 1)
      .integer("", 1)
      .token("t", "9lives")
      .token("t", "")
      .decimal("d", INT64_MIN)
      .integer("ok", -999'999'999'999'999)
      .string("long", "a string that has no room here")
      .boolean("b", true);
  EXPECT_EQ(text.view(), "ok=-999999999999999, b");
  EXPECT_FALSE(writer.is_whole());
}

TEST(Fields, StringsThatCannotBeCarriedAreMarked) {
  FixedText<100> text;
  FieldsWriter(text).string("ssid", "Caf\xc3\xa9 \"net\" \\ \n");
  EXPECT_EQ(text.view(), "ssid=\"Caf?? \\\"net\\\" \\\\ ?\"");
  EXPECT_TRUE(Fields(text.view()).is_valid());
}

TEST(Fields, AStringThatDoesNotFitIsNotHalfRead) {
  const Fields fields("a=\"12345\"");
  FixedText<7> text;
  text.add("abc");
  EXPECT_FALSE(fields.string("a", text));
  EXPECT_EQ(text.view(), "abc");
  EXPECT_TRUE(text.is_whole());
}

TEST(Fields, ALossSaysItsRangeAndReason) {
  FixedText<160> text;
  EXPECT_TRUE(write_lost(text, 0x9f3a61c0e2b47d18, 170, 179, "spool-full"));
  EXPECT_EQ(text.view(), "boot=\"9f3a61c0e2b47d18\", from=170, to=179, reason=\"spool-full\"");
}

TEST(Fields, AClaimNeverSaysSentBeforeTaken) {
  Frame frame;
  frame.name = {1, 2};
  frame.up_ms = 10;
  FixedText<160> text;
  EXPECT_TRUE(write_claim(text, frame, 9));
  EXPECT_EQ(text.view(), "boot=\"0000000000000001\", number=2, up=10");
}

}  // namespace
}  // namespace camera::testing
