// Frame gives its buffer back once, whatever becomes of it; Text and Backoff keep their bounds.
#include "core/Frame.h"

#include <gtest/gtest.h>

#include <vector>

#include "ScriptedTransport.h"
#include "core/Backoff.h"
#include "core/Text.h"

namespace camera::testing {
namespace {

TEST(Frame, GivesItsBufferBackOnce) {
  FakeOwner owner;
  const std::string bytes = "abc";
  {
    Frame frame = owner.lend(bytes, {1, 2});
    EXPECT_EQ(owner.lent, 1);
    Frame moved = std::move(frame);
    EXPECT_EQ(owner.lent, 1);
    EXPECT_TRUE(moved);
    EXPECT_EQ(moved.name, (FrameName{1, 2}));
    moved.drop();
    moved.drop();
    EXPECT_EQ(owner.lent, 0);
    EXPECT_FALSE(moved);
  }
  EXPECT_EQ(owner.lent, 0);
}

TEST(Frame, AssignedOverTheOldBufferGoesBack) {
  FakeOwner owner;
  const std::string bytes = "abc";
  Frame frame = owner.lend(bytes, {1, 2});
  frame = owner.lend(bytes, {1, 3});
  EXPECT_EQ(owner.lent, 1);
  Frame& same = frame;
  frame = std::move(same);
  EXPECT_EQ(owner.lent, 1);
  EXPECT_EQ(frame.bytes().size, 3U);
  frame = Frame();
  EXPECT_EQ(owner.lent, 0);
}

TEST(Frame, NarrowedTheWholeBufferGoesBack) {
  struct Owner final : FrameOwner {
    void give_back(const std::uint8_t* data) override { given = data; }
    const std::uint8_t* given = nullptr;
  } owner;
  const std::uint8_t bytes[5] = {0, 1, 2, 3, 4};
  Frame frame(owner, Bytes{bytes, 5});
  frame.narrow(frame.bytes().after(2).first(2));
  EXPECT_EQ(frame.bytes().data, bytes + 2);
  EXPECT_EQ(frame.bytes().size, 2U);
  frame.drop();
  EXPECT_EQ(owner.given, bytes);
}

TEST(Text, KeepsToItsRoom) {
  FixedText<5> text;
  text.add("abc").add("def").add('d');
  EXPECT_EQ(text.view(), "abcd");
  EXPECT_FALSE(text.is_whole());
  text.clear();
  EXPECT_TRUE(text.add_signed(-1234).is_whole());
  EXPECT_EQ(text.view(), "-1234");
  text.clear();
  text.add_signed(-12345);
  EXPECT_EQ(text.view(), "");
}

TEST(Text, WritesNumbersToTheirEnds) {
  FixedText<200> text;
  text.add_number(0).add(' ').add_number(UINT64_MAX).add(' ').add_signed(INT64_MIN).add(' ').add_hex(0xabc);
  EXPECT_EQ(text.view(), "0 18446744073709551615 -9223372036854775808 0000000000000abc");
}

TEST(Text, WritesBase64) {
  const char* const cases[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}};
  for (const auto& one : cases) {
    FixedText<20> text;
    const std::string_view bytes = one[0];
    text.add_base64(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    EXPECT_EQ(text.view(), one[1]);
  }
}

TEST(Backoff, SpreadsItsWaitsUnderADoublingCeiling) {
  FakeRandom random;
  Backoff low;
  Backoff high;
  std::uint64_t ceiling_ms = Backoff::kFirstMs;
  for (int at = 0; at < 20; ++at) {
    random.next = 0;
    EXPECT_EQ(low.failed(3000, random), 3000U);
    random.next = UINT32_MAX;
    EXPECT_EQ(high.failed(0, random), ceiling_ms);
    ceiling_ms = std::min<std::uint64_t>(ceiling_ms * 2, Backoff::kLongestMs);
  }
  high.succeeded();
  EXPECT_EQ(high.failed(0, random), Backoff::kFirstMs);
}

}  // namespace
}  // namespace camera::testing
