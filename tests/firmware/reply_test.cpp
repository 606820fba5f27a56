// Reply: the shared answers read whole, byte by byte, cut anywhere and with rubbish behind them.
#include "core/Reply.h"

#include <gtest/gtest.h>

#include <string>

#include "Json.h"
#include "core/Contract.h"

namespace camera::testing {
namespace {

Reply::State feed(Reply& reply, std::string_view bytes) {
  Reply::State state = reply.state();
  for (const char letter : bytes) state = reply.take(static_cast<std::uint8_t>(letter));
  return state;
}

const Json& vectors() {
  static const Json json = Json::read_file(VECTORS "/replies.json");
  return json;
}

std::string outcome_of(const Reply& reply, std::string_view said) {
  if (reply.state() == Reply::State::Incomplete) return "incomplete";
  if (reply.state() == Reply::State::Malformed) return "malformed";
  const auto echo = read_echo(said);
  const FrameName mine{*read_boot(vectors()["boot"].text), static_cast<std::uint64_t>(vectors()["number"].number())};
  if (!echo || echo->name != mine) return "no-echo";
  return echo->answer == Answer::Kept ? "kept" : echo->answer == Answer::Refused ? "refused" : "again";
}

void expect_as_said(const Reply& reply, const Json& vector, std::string_view said) {
  EXPECT_EQ(outcome_of(reply, said), vector["outcome"].text);
  if (vector.has("status")) {
    EXPECT_EQ(reply.status(), vector["status"].number());
  }
  if (vector.has("settings")) {
    EXPECT_EQ(reply.settings(), vector["settings"].text);
  }
  if (vector.has("addresses")) {
    EXPECT_EQ(reply.addresses(), vector["addresses"].text);
  }
  if (vector.has("clock")) {
    EXPECT_EQ(read_clock(reply.clock()), static_cast<std::uint64_t>(vector["clock"].number()));
  }
  if (vector.has("retry_after_s")) {
    EXPECT_EQ(reply.retry_after_ms({}), static_cast<std::uint64_t>(vector["retry_after_s"].number()) * 1000);
  }
}

TEST(ReplyVectors, AreReadAsSaid) {
  for (const Json& vector : vectors()["replies"].items) {
    SCOPED_TRACE(vector["name"].text);
    Reply reply;
    feed(reply, vector["bytes"].text);
    expect_as_said(reply, vector, reply.frame());
  }
}

TEST(ReplyVectors, OfReportsAreReadAsSaid) {
  ASSERT_FALSE(vectors()["reports"].items.empty());
  for (const Json& vector : vectors()["reports"].items) {
    SCOPED_TRACE(vector["name"].text);
    Reply reply;
    feed(reply, vector["bytes"].text);
    expect_as_said(reply, vector, reply.report());
  }
}

TEST(ReplyVectors, RubbishBehindAnAnswerChangesNothing) {
  for (const Json& vector : vectors()["replies"].items) {
    if (vector["outcome"].text == "incomplete") continue;
    SCOPED_TRACE(vector["name"].text);
    Reply reply;
    feed(reply, vector["bytes"].text + '\0' + "\xff HTTP/1.1 200 OK\r\n\r\nCamera-Frame: x\r\n\r\n");
    expect_as_said(reply, vector, reply.frame());
  }
}

TEST(ReplyVectors, ALineFeedAloneEndsALineToo) {
  for (const Json& vector : vectors()["replies"].items) {
    if (vector["outcome"].text == "malformed") continue;
    SCOPED_TRACE(vector["name"].text);
    std::string bytes = vector["bytes"].text;
    for (std::size_t at; (at = bytes.find("\r\n")) != std::string::npos;) bytes.erase(at, 1);
    Reply reply;
    feed(reply, bytes);
    expect_as_said(reply, vector, reply.frame());
  }
}

TEST(ReplyVectors, CutAnywhereInTheHeadNothingIsAnswered) {
  for (const Json& vector : vectors()["replies"].items) {
    const std::string& bytes = vector["bytes"].text;
    Reply whole;
    std::size_t end = 0;
    while (end < bytes.size() && whole.take(static_cast<std::uint8_t>(bytes[end])) == Reply::State::Incomplete) ++end;
    for (std::size_t at = 0; at < end; ++at) {
      Reply reply;
      ASSERT_EQ(feed(reply, std::string_view(bytes).substr(0, at)), Reply::State::Incomplete) << vector["name"].text;
    }
  }
}

TEST(ReplyVectors, AFlippedBitNeverMakesAnotherFramesEchoOurs) {
  const std::string other =
      "HTTP/1.1 201 Created\r\nCamera-Frame: boot=\"9f3a61c0e2b47d18\", number=999, answer=kept\r\n\r\n";
  for (std::size_t at = 0; at < other.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = other;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      Reply reply;
      feed(reply, flipped);
      EXPECT_NE(outcome_of(reply, reply.frame()), "kept") << flipped;
    }
  }
}

TEST(Reply, AHeadMayBeJustAsLongAsAllowed) {
  for (const std::size_t more : {0U, 1U}) {
    std::string head = "HTTP/1.1 200 OK\r\nX: ";
    head.append(Reply::kMaxHead - head.size() - 4 + more, 'x');
    Reply reply;
    EXPECT_EQ(feed(reply, head + "\r\n\r\n"), more == 0 ? Reply::State::Answered : Reply::State::Malformed);
  }
}

TEST(Reply, FieldsTooLongToBeOursAreAsMissing) {
  Reply reply;
  feed(reply, "HTTP/1.1 201 Created\r\nCamera-Frame: boot=\"" + std::string(300, '0') + "\"\r\nCamera-Settings: a=\"" +
                  std::string(1100, 's') + "\"\r\nLocation: /" + std::string(400, 'l') + "\r\n\r\n");
  EXPECT_EQ(reply.state(), Reply::State::Answered);
  EXPECT_TRUE(reply.frame().empty());
  EXPECT_TRUE(reply.settings().empty());
  EXPECT_TRUE(reply.location().empty());
}

TEST(Reply, SettingsOfFullLengthAreRead) {
  const std::string settings = "a=\"" + std::string(Reply::kMaxSettings - 4, 's') + "\"";
  Reply reply;
  feed(reply, "HTTP/1.1 201 Created\r\nCamera-Settings: " + settings + "\r\n\r\n");
  EXPECT_EQ(reply.settings(), settings);
}

TEST(Reply, AnInterimAnswersFieldsAreNotTheAnswers) {
  Reply reply;
  feed(reply, "HTTP/1.1 103 Early\r\nCamera-Frame: answer=kept\r\nRetry-After: 5\r\nContent-Length: 7\r\n\r\n");
  EXPECT_EQ(feed(reply, "HTTP/1.1 200 OK\r\n\r\n"), Reply::State::Answered);
  EXPECT_TRUE(reply.frame().empty());
  EXPECT_EQ(reply.retry_after_ms({}), 0U);
  EXPECT_FALSE(reply.body_before_next());
}

TEST(Reply, ClearedItIsAsNew) {
  Reply reply;
  feed(reply, "HTTP/1.1 200 OK\r\nCamera-Frame: a\r\nContent-Length: 3\r\n\r");
  reply.clear();
  EXPECT_FALSE(reply.has_begun());
  EXPECT_EQ(feed(reply, "HTTP/1.1 404 No\r\n\r\n"), Reply::State::Answered);
  EXPECT_EQ(reply.status(), 404);
  EXPECT_TRUE(reply.frame().empty());
}

TEST(Reply, BodiesOfKnownLengthLetTheConnectionServeAgain) {
  const struct {
    const char* head;
    std::optional<std::uint64_t> body;
  } cases[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 5},
      {"HTTP/1.1 204 None\r\n\r\n", 0},
      {"HTTP/1.1 200 OK\r\n\r\n", {}},
      {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", {}},
      {"HTTP/1.1 200 OK\r\nConnection: CLOSE\r\nContent-Length: 5\r\n\r\n", {}},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", {}},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", 5},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", {}},
      {"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", {}},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\n", {}},
  };
  for (const auto& one : cases) {
    Reply reply;
    ASSERT_EQ(feed(reply, one.head), Reply::State::Answered) << one.head;
    EXPECT_EQ(reply.body_before_next(), one.body) << one.head;
  }
}

TEST(HttpDate, IsReadAsSendersMustWriteIt) {
  EXPECT_EQ(read_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784'111'777);
  EXPECT_EQ(read_http_date("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
  EXPECT_EQ(read_http_date("Thu, 29 Feb 2024 23:59:59 GMT"), 1'709'251'199);
  EXPECT_EQ(read_http_date("Fri, 31 Dec 9999 23:59:59 GMT"), 253'402'300'799);
  for (const char* const wrong :
       {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Xxx 1994 08:49:37 GMT", "Sun, 06 anF 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1969 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:3x GMT"}) {
    EXPECT_FALSE(read_http_date(wrong)) << wrong;
  }
}

TEST(HttpDate, OfThePastAsksForNoWait) {
  Reply reply;
  feed(reply, "HTTP/1.1 503 Busy\r\nRetry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n");
  EXPECT_EQ(reply.retry_after_ms(784'111'778'000), 0U);
  EXPECT_EQ(reply.retry_after_ms(784'111'776'000), 1000U);
}

}  // namespace
}  // namespace camera::testing
