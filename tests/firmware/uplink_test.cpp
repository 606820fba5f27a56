// Uplink: one frame to the archive over every kind of wire, and nothing believed but its echo.
#include "core/Uplink.h"

#include <gtest/gtest.h>

#include "Sending.h"

namespace camera::testing {
namespace {

// -- the plain way ----------------------------------------------------------------------------------------------------

TEST_F(Sending, AFrameArrivesWholeAndIsKept) {
  wire.respond(kept());

  const Outcome outcome = send();

  EXPECT_EQ(outcome.result, SendResult::Kept);
  EXPECT_EQ(outcome.status, 201);
  ASSERT_EQ(wire.requests().size(), 1U);
  EXPECT_EQ(body_of(wire.requests()[0]), body);
  EXPECT_EQ(wire.connections[0].peer.port, 5555);
  EXPECT_EQ(wire.connections[0].host, "archive.local");
  EXPECT_TRUE(uplink.is_ready());
}

TEST_F(Sending, ThreeFramesUseOneConnection) {
  wire.add({{{kept(1)}, {kept(2)}, {kept(3)}}});

  EXPECT_EQ(send(1).result, SendResult::Kept);
  EXPECT_EQ(send(2).result, SendResult::Kept);
  EXPECT_EQ(send(3).result, SendResult::Kept);

  EXPECT_EQ(wire.opened, 1U);
  EXPECT_EQ(wire.requests().size(), 3U);
}

// A report goes over the same wire by the same rules, without a body, and believes no echo but its own.
TEST_F(Sending, AReportHasNoBodyAndAnEchoOfItsOwn) {
  const std::string noted = "Camera-Report: boot=\"9f3a61c0e2b47d18\", number=182, answer=kept\r\nCamera-Settings: version=8\r\n";
  wire.add({{{kept()}, {answer("200 OK", noted)}, {kept()}}});
  saying.status = "sensor_fault=\"no sensor answers\"";
  EXPECT_EQ(send().result, SendResult::Kept);

  uplink.report(kName, saying);
  const Outcome outcome = finish();

  EXPECT_EQ(outcome.result, SendResult::Kept);
  EXPECT_EQ(outcome.settings, "version=8");
  EXPECT_EQ(wire.opened, 1U);
  EXPECT_EQ(wire.requests()[1],
            "POST /api/reports HTTP/1.1\r\nHost: archive.local:5555\r\nUser-Agent: esp32-camera-archive\r\n"
            "Authorization: Bearer k3y\r\nContent-Length: 0\r\nCamera-Report: boot=\"9f3a61c0e2b47d18\", number=182\r\n"
            "Camera-Status: sensor_fault=\"no sensor answers\"\r\n\r\n");
  uplink.report(kName, saying);
  EXPECT_EQ(finish().result, SendResult::NoEcho) << "a frame's echo is none of a report";
}

// Where frames have moved to another path, reports begin where the owner said; and the way of a report is none for frames.
TEST_F(Sending, ReportsAndFramesMoveApart) {
  wire.add({{{"HTTP/1.1 308 Permanent Redirect\r\nLocation: /upload\r\nContent-Length: 0\r\n\r\n"},
             {kept()},
             {answer("200 OK", "Camera-Report: boot=\"9f3a61c0e2b47d18\", number=182, answer=kept\r\n")},
             {kept()}}});
  EXPECT_EQ(send().result, SendResult::Kept);

  uplink.report(kName, saying);
  EXPECT_EQ(finish().result, SendResult::Kept);
  EXPECT_EQ(send().result, SendResult::Kept);

  std::vector<std::string> lines;
  for (const std::string& request : wire.requests()) lines.push_back(request.substr(0, request.find(" HTTP")));
  EXPECT_EQ(lines, (std::vector<std::string>{"POST /api/frames", "POST /upload", "POST /api/reports", "POST /upload"}));
}

TEST_F(Sending, NowIsSaidForFramesOfThisBootOnly) {
  wire.add({{{kept()}, {kept()}}});

  send();
  saying.boot = 1;
  send();

  EXPECT_NE(wire.requests()[0].find("up=83412, now=1000000\r\n"), std::string::npos);
  EXPECT_NE(wire.requests()[1].find("up=83412\r\n"), std::string::npos);
}

TEST_F(Sending, ClockAndSettingsComeWithTheEcho) {
  wire.respond(answer("200 OK", echo("kept") + "Camera-Clock: now=1795345345880\r\n"
                                               "Camera-Settings: version=8, interval_s=30\r\n"));

  const Outcome outcome = send();

  EXPECT_EQ(outcome.archive_unix_ms, 1795345345880U);
  EXPECT_EQ(outcome.settings, "version=8, interval_s=30");
}

TEST_F(Sending, WithoutTheEchoNeitherClockNorSettingsCount) {
  wire.respond(answer("200 OK", "Camera-Clock: now=1\r\nCamera-Settings: version=8\r\n"));

  const Outcome outcome = send();

  EXPECT_EQ(outcome.result, SendResult::NoEcho);
  EXPECT_FALSE(outcome.archive_unix_ms);
  EXPECT_TRUE(outcome.settings.empty());
}

TEST_F(Sending, NothingIsSentWithoutAServer) {
  Uplink lost(wire, clock, random);
  Frame frame = owner.lend(body, kName);

  lost.start(frame, saying);

  EXPECT_FALSE(lost.is_ready());
  EXPECT_FALSE(lost.is_busy());
  EXPECT_FALSE(lost.step());
}

// -- F1, F2, F3: buffers, multiples, short writes ---------------------------------------------------------------------

TEST_F(Sending, F1AHundredFailedConnectsLeaveNoBufferBehind) {
  for (int at = 0; at < 200; ++at) wire.add({}).connecting = Progress::Failed;

  for (int at = 0; at < 100; ++at) {
    EXPECT_EQ(send().result, SendResult::Unreachable);
    EXPECT_EQ(owner.lent, 0);
    pass_backoff();
  }
}

TEST_F(Sending, F2BodiesAroundMultiplesOfTheChunkArriveWhole) {
  for (const std::size_t chunks : {1U, 2U, 3U, 7U}) {
    for (const int more : {-1, 0, 1}) {
      body.assign(chunks * Uplink::kChunkBytes + static_cast<std::size_t>(more), 'x');
      body.back() = 'e';
      wire.respond(answer("201 Created", "Connection: close\r\n" + echo("kept")));

      EXPECT_EQ(send().result, SendResult::Kept);
      EXPECT_EQ(body_of(wire.requests().back()), body);
    }
  }
}

TEST_F(Sending, TheHeadGoesWithTheBodyAndNothingElseIsHeldBack) {
  wire.add({{{kept(1)}, {kept(2)}}});

  send(1);
  body.clear();
  send(2);

  EXPECT_EQ(wire.had_more, (std::vector<bool>{true, false, false}));
}

TEST_F(Sending, F2AnEmptyBodyEndsToo) {
  body.clear();
  wire.respond(kept());

  EXPECT_EQ(send().result, SendResult::Kept);
}

TEST_F(Sending, F3ShortWritesSkipNothing) {
  for (std::size_t takes = 1; takes < body.size() + 400; takes = takes < 40 ? takes + 1 : takes * 2) {
    for (const bool is_slow : {false, true}) {
      Connection connection{{{answer("201 Created", "Connection: close\r\n" + echo("kept"))}}};
      connection.takes = takes;
      connection.is_slow = is_slow;
      wire.add(connection);

      EXPECT_EQ(send().result, SendResult::Kept) << takes;
      EXPECT_EQ(body_of(wire.requests().back()), body) << takes;
    }
  }
}

// -- F4 and rule 1: one deadline --------------------------------------------------------------------------------------

TEST_F(Sending, F4ASilentServerIsLeftAtTheDeadline) {
  wire.add({{{""}}});

  EXPECT_EQ(send().result, SendResult::Timeout);
  EXPECT_EQ(clock.now - began_ms, 60'000U);
  EXPECT_FALSE(wire.is_open());
}

TEST_F(Sending, F4ADrippingServerIsLeftAtTheSameDeadline) {
  Exchange drip{answer("201 Created", echo("kept")), 0, 1, 3'000, Progress::Pending};
  wire.add({{drip}});

  EXPECT_EQ(send().result, SendResult::Timeout);
  EXPECT_EQ(clock.now - began_ms, 60'000U);
}

TEST_F(Sending, F4AHeadThatNeverEndsIsRubbish) {
  std::string endless = "HTTP/1.1 200 OK\r\n";
  while (endless.size() < 100'000) endless += "X-More: and more\r\n";
  wire.respond(endless);

  EXPECT_EQ(send().result, SendResult::NoEcho);
}

TEST_F(Sending, F4AHeadThatNeverEndsAndDripsIsLeftAtTheDeadline) {
  std::string endless = "HTTP/1.1 200 OK\r\n";
  while (endless.size() < 10'000) endless += "X-More: and more\r\n";
  wire.add({{{endless, std::nullopt, 1, 100, Progress::Pending}}});

  EXPECT_EQ(send().result, SendResult::Timeout);
  EXPECT_EQ(clock.now - began_ms, 60'000U);
}

TEST_F(Sending, InterimAnswersForEverAreRubbish) {
  std::string endless;
  while (endless.size() < 100'000) endless += "HTTP/1.1 102 Processing\r\n\r\n";
  wire.respond(endless);

  EXPECT_EQ(send().result, SendResult::NoEcho);
}

TEST_F(Sending, AServerThatTakesNoByteIsLeftAtTheDeadline) {
  wire.add({}).takes = 0;

  EXPECT_EQ(send().result, SendResult::Timeout);
  EXPECT_EQ(clock.now - began_ms, 60'000U);
}

TEST_F(Sending, TheDeadlineHoldsWhereTheOldCounterOf32BitsWrapped) {
  for (const std::uint64_t before : {1ULL, 59'999ULL, 60'000ULL, 60'001ULL}) {
    clock.now = (1ULL << 32) - before;
    wire.add({{{""}}});

    EXPECT_EQ(send().result, SendResult::Timeout);
    EXPECT_EQ(clock.now - began_ms, 60'000U);

    pass_backoff();
    clock.now = (1ULL << 32) - before;
    uplink.hurry();
    wire.respond(kept());
    EXPECT_EQ(send().result, SendResult::Kept);
    uplink.abandon();
  }
}

TEST_F(Sending, ABackoffAcrossTheOldWrapEnds) {
  clock.now = (1ULL << 32) - 100;
  random.next = UINT32_MAX;
  wire.add({}).connecting = Progress::Failed;

  EXPECT_EQ(send().result, SendResult::Unreachable);

  EXPECT_EQ(uplink.ready_in_ms(), Backoff::kFirstMs);
  clock.now += Backoff::kFirstMs - 1;
  EXPECT_FALSE(uplink.is_ready());
  clock.now += 1;
  EXPECT_TRUE(uplink.is_ready());
}

// -- F10 and rule 3: only the echo ------------------------------------------------------------------------------------

TEST_F(Sending, F10NothingButTheEchoIsBelieved) {
  const std::string others[] = {
      answer("500 Internal Server Error", ""),
      answer("200 OK", "Content-Type: text/html\r\n", "<html>Please log in</html>"),
      answer("201 Created", ""),
      answer("204 No Content", ""),
      answer("201 Created", echo("kept", 183)),
      answer("201 Created", "Camera-Frame: boot=\"0000000000000000\", number=182, answer=kept\r\n"),
      answer("201 Created", "Camera-Frame: boot=\"9f3a61c0e2b47d18\", number=182\r\n"),
      answer("201 Created", "Camera-Frame: boot=\"9f3a61c0e2b47d18\", number=182, answer=\"kept\"\r\n"),
      answer("201 Created", "Camera-Frame: boot=\"9f3a61c0e2b47d18\", number=182, answer=kept, !\r\n"),
      answer("201 Created", "Camera-Frame: number=182, answer=kept\r\n"),
      answer("201 Created", echo("kept") + echo("kept", 183)),
      answer("201 Created", "X-Camera-Frame: boot=\"9f3a61c0e2b47d18\", number=182, answer=kept\r\n"),
      answer("201 Created", "", echo("kept")),
      answer("302 Found", "Location: http://portal.example/\r\n"),
      answer("303 See Other", "Location: /ok\r\n"),
      answer("301 Moved Permanently", "Location: /ok\r\n"),
  };
  for (const std::string& other : others) {
    wire.respond(other);
    const Outcome outcome = send();
    EXPECT_EQ(outcome.result, SendResult::NoEcho) << other;
    EXPECT_TRUE(outcome.result.worth_retrying());
    EXPECT_FALSE(wire.is_open()) << "somebody else's connection";
    pass_backoff();
  }
}

TEST_F(Sending, RefusedIsTheArchivesWordAndHoldsNothingUp) {
  wire.add({{{answer("415 Unsupported Media Type", echo("refused"))}, {kept()}}});

  const Outcome outcome = send();

  EXPECT_EQ(outcome.result, SendResult::Refused);
  EXPECT_FALSE(outcome.result.worth_retrying());
  EXPECT_TRUE(uplink.is_ready());
  EXPECT_EQ(send().result, SendResult::Kept);
  EXPECT_EQ(wire.opened, 1U);
}

TEST_F(Sending, AgainWaitsAndKeepsTheConnection) {
  random.next = UINT32_MAX;
  wire.add({{{answer("422 Unprocessable", echo("again"))}, {kept()}}});

  const Outcome outcome = send();

  EXPECT_EQ(outcome.result, SendResult::Again);
  EXPECT_EQ(outcome.wait_ms, Backoff::kFirstMs);
  EXPECT_FALSE(uplink.is_ready());
  pass_backoff();
  EXPECT_EQ(send().result, SendResult::Kept);
  EXPECT_EQ(wire.opened, 1U);
}

// -- rule 2: early answers --------------------------------------------------------------------------------------------

TEST_F(Sending, AnEarlyAnswerEndsTheSending) {
  body.assign(900'000, 'x');
  Connection connection{{{answer("503 Service Unavailable", echo("again") + "Retry-After: 7\r\n"), 1000}}};
  connection.takes = 4000;
  wire.add(connection);

  const Outcome outcome = send();

  EXPECT_EQ(outcome.result, SendResult::Again);
  EXPECT_EQ(outcome.status, 503);
  EXPECT_EQ(outcome.wait_ms, 7000U);
  EXPECT_LT(wire.requests()[0].size(), 10'000U);
  EXPECT_FALSE(wire.is_open()) << "half a request stands in it";
}

TEST_F(Sending, AnAnswerIsHeardBehindAFailedSend) {
  for (std::size_t at = 0; at < 1200; at += 13) {  // of some 1,240
    Connection connection{{{answer("413 Content Too Large", echo("refused")), 0, SIZE_MAX, 0, Progress::Failed}}};
    connection.exchanges[0].after_bytes = at;
    connection.fails_at = at;
    connection.is_heard_after_failure = true;
    wire.add(connection);

    const Outcome outcome = send();

    EXPECT_EQ(outcome.result, SendResult::Refused) << at;
    EXPECT_EQ(outcome.status, 413);
    EXPECT_FALSE(wire.is_open());
  }
}

TEST_F(Sending, ABreakAtAnyByteIsNeverTakenForAnAnswer) {
  wire.respond(kept());
  send();
  uplink.abandon();
  const std::size_t size = wire.requests()[0].size();
  for (std::size_t at = 0; at < size; ++at) {
    Connection connection{{{kept()}}};
    connection.breaks_at = at;
    wire.add(connection);

    EXPECT_EQ(send().result, SendResult::Unreachable) << at;
    EXPECT_EQ(wire.opened, wire.connections.size()) << "one attempt only";
    pass_backoff();
  }
}

TEST_F(Sending, AnAnswerCutAnywhereInItsHeadAcknowledgesNothing) {
  const std::string whole = kept();
  const std::size_t head = whole.find("\r\n\r\n") + 4;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const Progress then : {Progress::Closed, Progress::Failed}) {
      wire.add({{{whole.substr(0, at), std::nullopt, SIZE_MAX, 0, then}}});

      EXPECT_EQ(send().result == SendResult::Kept, at >= head) << at;
      uplink.abandon();
      pass_backoff();
    }
  }
}

TEST_F(Sending, AClosedConnectionWithoutAnAnswerIsUnreachable) {
  wire.add({{{"", std::nullopt, SIZE_MAX, 0, Progress::Closed}}});

  EXPECT_EQ(send().result, SendResult::Unreachable);
  EXPECT_EQ(wire.opened, 1U) << "no second try on a fresh connection";
}

TEST_F(Sending, WhatIsNotHttpIsNotWaitedFor) {
  wire.respond("SSH-2.0-OpenSSH_9.2p1\r\n");

  EXPECT_EQ(send().result, SendResult::NoEcho);
  EXPECT_EQ(clock.now, began_ms);
}

TEST_F(Sending, InterimAnswersArePassedOver) {
  wire.respond("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n" + echo("refused") + "\r\n" + kept());

  EXPECT_EQ(send().result, SendResult::Kept);
}

TEST_F(Sending, ContinueInTheMidstOfTheBodyDoesNotEndTheSending) {
  body.assign(100'000, 'x');
  wire.add({{{"HTTP/1.1 100 Continue\r\n\r\n" + kept(), 500, 25}}}).takes = 1000;

  // The rest of the script would come at once; so this is an early answer with an interim one before it.
  EXPECT_EQ(send().result, SendResult::Kept);
}

TEST_F(Sending, AnAnswerMayComeInPiecesOfAnySize) {
  for (std::size_t size = 1; size < 200; ++size) {
    wire.add({{{answer("201 Created", "Connection: close\r\n" + echo("kept")), std::nullopt, size, 0}}});
    EXPECT_EQ(send().result, SendResult::Kept) << size;
  }
}

// -- rule 4: stale connections ----------------------------------------------------------------------------------------

TEST_F(Sending, AStaleConnectionIsTriedOnceMore) {
  // The server closes behind its first answer, too late to be seen before the next request goes out.
  for (const Progress then : {Progress::Closed, Progress::Failed}) {
    wire.add({{{kept()}, {"", std::nullopt, SIZE_MAX, 0, then}}});
    wire.respond(kept());

    EXPECT_EQ(send().result, SendResult::Kept);
    EXPECT_EQ(send().result, SendResult::Kept);
    EXPECT_EQ(wire.requests().size(), wire.opened + wire.opened / 2);
    uplink.abandon();
  }
  EXPECT_EQ(wire.opened, 4U);
}

TEST_F(Sending, AConnectionSeenClosedIsReplacedBeforeAnythingIsSent) {
  wire.add({{{kept(), std::nullopt, SIZE_MAX, 0, Progress::Closed}}});
  wire.respond(kept());

  EXPECT_EQ(send().result, SendResult::Kept);
  EXPECT_EQ(send().result, SendResult::Kept);
  EXPECT_EQ(wire.requests().size(), 2U);
}

TEST_F(Sending, TheSecondTryIsTheLast) {
  wire.add({{{kept()}, {"", std::nullopt, SIZE_MAX, 0, Progress::Closed}}});
  wire.add({{{"", std::nullopt, SIZE_MAX, 0, Progress::Closed}}});

  send();

  EXPECT_EQ(send().result, SendResult::Unreachable);
  EXPECT_EQ(wire.opened, 2U);
}

TEST_F(Sending, ARedirectEarnsNoFurtherTry) {
  wire.add({{{kept()}, {"", std::nullopt, SIZE_MAX, 0, Progress::Closed}}});
  wire.add(
      {{{answer("307 Temporary Redirect", "Location: /b\r\n")}, {"", std::nullopt, SIZE_MAX, 0, Progress::Closed}}});

  send();

  EXPECT_EQ(send().result, SendResult::Unreachable);
  EXPECT_EQ(wire.opened, 2U);
}

TEST_F(Sending, AnAnswerThatHasBegunIsNotTriedAgain) {
  wire.add({{{kept()}, {"H", std::nullopt, SIZE_MAX, 0, Progress::Closed}}});

  send();

  EXPECT_EQ(send().result, SendResult::Unreachable);
  EXPECT_EQ(wire.opened, 1U);
}

TEST_F(Sending, WhatComesUnaskedEndsTheConnection) {
  wire.respond(kept() + "HTTP/1.1 201 Created\r\n" + echo("kept", 183) + "\r\n");
  wire.respond(answer("503 Busy", echo("again", 183)));

  EXPECT_EQ(send(182).result, SendResult::Kept);
  EXPECT_EQ(send(183).result, SendResult::Again) << "an answer from before the question";
  EXPECT_EQ(wire.opened, 2U);
}

TEST_F(Sending, ABodyBehindTheAnswerIsPassedOverBeforeTheNextRequest) {
  wire.add({{{answer("201 Created", echo("kept"), std::string(3000, 'b')), std::nullopt, 700}, {kept()}}});

  EXPECT_EQ(send().result, SendResult::Kept);
  EXPECT_EQ(send().result, SendResult::Kept);
  EXPECT_EQ(wire.opened, 1U);
}

TEST_F(Sending, ABodyThatIsNotThereYetIsNotWaitedFor) {
  wire.respond("HTTP/1.1 201 Created\r\n" + echo("kept") + "Content-Length: 10\r\n\r\nkep");
  wire.respond(kept());

  EXPECT_EQ(send().result, SendResult::Kept);
  EXPECT_EQ(send().result, SendResult::Kept);
  EXPECT_EQ(wire.opened, 2U);
}

TEST_F(Sending, ConnectionsThatCannotServeAgainAreClosed) {
  const std::string lasts[] = {
      answer("201 Created", "Connection: close\r\n" + echo("kept")),
      answer("201 Created", "Connection: keep-alive, Close\r\n" + echo("kept")),
      "HTTP/1.0 201 Created\r\n" + echo("kept") + "Content-Length: 0\r\n\r\n",
      "HTTP/1.1 201 Created\r\n" + echo("kept") + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 201 Created\r\n" + echo("kept") + "\r\nuntil the end",
      "HTTP/1.1 201 Created\r\n" + echo("kept") + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nkept\n",
  };
  for (const std::string& last : lasts) {
    wire.respond(last);
    EXPECT_EQ(send().result, SendResult::Kept) << last;
    EXPECT_FALSE(wire.is_open()) << last;
  }
}

// -- rule 5: redirects ------------------------------------------------------------------------------------------------

TEST_F(Sending, Redirects307And308AreFollowedWithMethodAndBody) {
  for (const char* const status : {"307 Temporary Redirect", "308 Permanent Redirect"}) {
    ASSERT_TRUE(uplink.set_server("http://archive.local:5555", "k3y"));
    const std::size_t before = wire.connections.size();
    wire.respond(answer(status, "Location: https://archive.local/in/api/frames?x=1\r\nConnection: close\r\n"));
    wire.respond(kept());

    EXPECT_EQ(send().result, SendResult::Kept);

    const Connection& second = wire.connections[before + 1];
    EXPECT_TRUE(second.peer.is_tls);
    EXPECT_EQ(second.peer.port, 443);
    EXPECT_EQ(second.requests[0].rfind("POST /in/api/frames?x=1 HTTP/1.1\r\nHost: archive.local\r\n", 0), 0U);
    EXPECT_NE(second.requests[0].find("Authorization: Bearer k3y\r\n"), std::string::npos);
    EXPECT_EQ(body_of(second.requests[0]), body);
  }
}

TEST_F(Sending, ARedirectWithinTheSamePlaceKeepsTheConnection) {
  wire.add({{{answer("307 Temporary Redirect", "Location: /elsewhere\r\n")}, {kept()}}});

  EXPECT_EQ(send().result, SendResult::Kept);
  EXPECT_EQ(wire.opened, 1U);
  EXPECT_EQ(wire.requests()[1].rfind("POST /elsewhere HTTP/1.1\r\n", 0), 0U);
}

TEST_F(Sending, AnEarlyRedirectIsFollowedOverANewConnection) {
  body.assign(500'000, 'x');
  wire.add({{{answer("307 Temporary Redirect", "Location: /elsewhere\r\n"), 300}}}).takes = 1000;
  wire.respond(kept());

  EXPECT_EQ(send().result, SendResult::Kept);
  EXPECT_EQ(wire.opened, 2U);
}

TEST_F(Sending, TheKeyNeverGoesToAnotherHostNorComesBackFromOne) {
  for (const char* const next : {"http://evil.example/a", "http://evil.example/b", "http://archive.local:5555/c"}) {
    wire.respond(answer("307 Temporary Redirect", "Connection: close\r\nLocation: " + std::string(next) + "\r\n"));
  }
  wire.respond(answer("401 Unauthorized", echo("again")));

  EXPECT_EQ(send().result, SendResult::Again);

  ASSERT_EQ(wire.requests().size(), 4U);
  EXPECT_NE(wire.requests()[0].find("k3y"), std::string::npos);
  for (std::size_t at = 1; at < 4; ++at) EXPECT_EQ(wire.requests()[at].find("k3y"), std::string::npos) << at;
  EXPECT_EQ(wire.connections[1].host, "evil.example");
}

TEST_F(Sending, TheKeyNeverGoesFromTlsIntoTheClear) {
  ASSERT_TRUE(uplink.set_server("https://archive.local", "k3y"));
  wire.respond(answer("308 Permanent Redirect", "Location: http://archive.local/api/frames\r\n"));
  wire.respond(kept());
  wire.respond(kept());

  EXPECT_EQ(send().result, SendResult::Kept);
  EXPECT_EQ(wire.requests()[1].find("k3y"), std::string::npos);

  EXPECT_EQ(send().result, SendResult::Kept);
  EXPECT_TRUE(wire.connections[2].peer.is_tls) << "a move without the key is no move for good";
}

TEST_F(Sending, AMoveForGoodIsRememberedUntilItFails) {
  wire.respond(answer("308 Permanent Redirect", "Location: https://archive.local/api/frames\r\n"));
  wire.add({{{kept()}, {kept()}}});
  EXPECT_EQ(send().result, SendResult::Kept);
  EXPECT_EQ(send().result, SendResult::Kept);
  EXPECT_EQ(wire.opened, 2U);

  uplink.abandon();
  wire.add({}).connecting = Progress::Failed;
  wire.add({}).connecting = Progress::Failed;
  EXPECT_EQ(send().result, SendResult::Unreachable);
  pass_backoff();
  wire.respond(kept());
  EXPECT_EQ(send().result, SendResult::Kept);
  EXPECT_FALSE(wire.connections.back().peer.is_tls);
}

TEST_F(Sending, AMoveForNowIsAskedForEachTime) {
  wire.respond(answer("307 Temporary Redirect", "Location: https://archive.local/api/frames\r\n"));
  wire.respond(kept());
  wire.respond(kept());

  send();
  EXPECT_EQ(send().result, SendResult::Kept);
  EXPECT_FALSE(wire.connections[2].peer.is_tls);
}

TEST_F(Sending, RedirectsInACircleEnd) {
  for (int at = 0; at < 10; ++at)
    wire.respond(answer("307 Temporary Redirect", "Location: /api/frames\r\nConnection: close\r\n"));

  EXPECT_EQ(send().result, SendResult::NoEcho);
  EXPECT_EQ(wire.opened, 1U + Uplink::kMaxHops);
}

TEST_F(Sending, RedirectsToNowhereAreNotFollowed) {
  for (const char* const location : {"", "ftp://archive.local/", "http://", "mailto:a@b", "http://a b/", "//"}) {
    wire.respond(answer("308 Permanent Redirect", std::string("Location: ") + location + "\r\n"));
    EXPECT_EQ(send().result, SendResult::NoEcho) << location;
    pass_backoff();
  }
  wire.respond(answer("308 Permanent Redirect", ""));
  EXPECT_EQ(send().result, SendResult::NoEcho);
}

// -- Retry-After and backoff ------------------------------------------------------------------------------------------

TEST_F(Sending, RetryAfterInSecondsIsHeardAndBounded) {
  wire.respond(answer("503 Busy", echo("again") + "Retry-After: 7\r\n"));
  EXPECT_EQ(send().wait_ms, 7000U);
  pass_backoff();
  uplink.abandon();
  wire.respond(answer("503 Busy", echo("again") + "Retry-After: 99999999999999999999999\r\n"));
  EXPECT_EQ(send().wait_ms, Backoff::kLongestAskedMs);
}

// Somebody is about to let it in: the pause is the one that was asked for, however often it was.
TEST_F(Sending, WhoIsNotLetInAsksAsOftenAsItWasTold) {
  random.next = UINT32_MAX;
  for (int at = 0; at < 10; ++at) {
    wire.respond(answer("401 Unauthorized", "Connection: close\r\nRetry-After: 15\r\n" + echo("again")));
    EXPECT_EQ(send().wait_ms, 15'000U + Backoff::kFirstMs);
    EXPECT_TRUE(uplink.outcome().is_shut_out());
    pass_backoff();
  }
  std::uint64_t before = 0;
  for (int at = 0; at < 5; ++at) {
    wire.respond(answer("403 Forbidden", "Connection: close\r\n" + echo("again")));
    const std::uint64_t wait_ms = send().wait_ms;
    EXPECT_TRUE(uplink.outcome().is_shut_out());
    EXPECT_GT(wait_ms, before) << "who was told nothing of when";
    before = wait_ms;
    pass_backoff();
  }
  wire.respond(answer("401 Unauthorized", "Retry-After: 15\r\n"));
  send();
  EXPECT_FALSE(uplink.outcome().is_shut_out()) << "not the archive's own word";
}

TEST_F(Sending, RetryAfterAsADateCountsFromTheAnswersOwn) {
  wire.respond(
      answer("429 Slow down", "Date: Sun, 22 Nov 2026 10:00:00 GMT\r\nRetry-After: Sun, 22 Nov 2026 10:01:30 GMT\r\n"));

  const Outcome outcome = send();

  EXPECT_EQ(outcome.result, SendResult::NoEcho);
  EXPECT_EQ(outcome.wait_ms, 90'000U);
}

TEST_F(Sending, RetryAfterAsADateCountsFromTheCamerasClockWhereItIsSet) {
  clock.unix = 784'111'770'000;  // Sun, 06 Nov 1994 08:49:30 GMT
  wire.respond(answer("503 Busy", "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
  EXPECT_EQ(send().wait_ms, 7000U);

  pass_backoff();
  clock.unix.reset();
  wire.respond(answer("503 Busy", "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
  EXPECT_EQ(send().wait_ms, 0U);
}

TEST_F(Sending, FailuresInARowWaitLongerAndSuccessForgetsThem) {
  random.next = UINT32_MAX;
  std::uint64_t before = 0;
  for (int at = 0; at < 12; ++at) {
    wire.add({}).connecting = Progress::Failed;
    const std::uint64_t wait_ms = send().wait_ms;
    EXPECT_GE(wait_ms, before);
    EXPECT_LE(wait_ms, Backoff::kLongestMs);
    before = wait_ms;
    pass_backoff();
  }
  EXPECT_EQ(before, Backoff::kLongestMs);

  wire.respond(kept());
  EXPECT_EQ(send().result, SendResult::Kept);
  uplink.abandon();
  wire.add({}).connecting = Progress::Failed;
  wire.add({}).connecting = Progress::Failed;
  EXPECT_EQ(send().wait_ms, Backoff::kFirstMs);
}

TEST_F(Sending, HurryForgetsTheWait) {
  random.next = UINT32_MAX;
  wire.add({}).connecting = Progress::Failed;
  send();
  EXPECT_FALSE(uplink.is_ready());

  uplink.hurry();

  EXPECT_TRUE(uplink.is_ready());
}

// -- rule 6: names and addresses --------------------------------------------------------------------------------------

TEST_F(Sending, TheLastGoodAddressIsAskedBeforeTheName) {
  wire.respond(answer("201 Created", "Connection: close\r\n" + echo("kept")));
  wire.respond(kept());

  send();
  EXPECT_EQ(uplink.last_good(), wire.answer);
  wire.resolving = Progress::Failed;

  EXPECT_EQ(send().result, SendResult::Kept);
  EXPECT_EQ(wire.asked.size(), 1U);
}

TEST_F(Sending, AfterAFailureTheNameComesFirst) {
  wire.respond(answer("201 Created", "Connection: close\r\n" + echo("kept")));
  send();
  const IpAddress moved{{10, 0, 0, 7}, 4, 0};
  wire.answer = moved;
  wire.add({}).connecting = Progress::Failed;  // the old address
  wire.respond(kept());                        // the new one, within the same request

  EXPECT_EQ(send().result, SendResult::Kept);
  EXPECT_EQ(wire.connections[2].peer.address, moved);
  EXPECT_EQ(uplink.last_good(), moved);
}

TEST_F(Sending, WhereNamesCannotBeAskedTheLastGoodAddressServes) {
  uplink.remember(wire.answer);
  wire.respond(answer("502 Bad Gateway", ""));  // not the archive: the name is asked first next time
  EXPECT_EQ(send().result, SendResult::NoEcho);
  pass_backoff();
  wire.resolving = Progress::Failed;
  wire.respond(kept());

  EXPECT_EQ(send().result, SendResult::Kept);
  EXPECT_EQ(wire.asked.size(), 1U);
}

TEST_F(Sending, ANameThatIsNeverAnsweredIsGivenUpInTime) {
  wire.resolving = Progress::Pending;

  EXPECT_EQ(send().result, SendResult::Unreachable);
  EXPECT_EQ(clock.now - began_ms, 10'000U);
}

TEST_F(Sending, AnAddressThatSwallowsEverythingIsGivenUpForTheName) {
  uplink.remember(IpAddress{{10, 9, 9, 9}, 4, 0});
  wire.add({}).connecting = Progress::Pending;
  wire.respond(kept());

  EXPECT_EQ(send().result, SendResult::Kept);
  EXPECT_EQ(clock.now - began_ms, 10'000U);
  EXPECT_EQ(wire.connections[1].peer.address, wire.answer);
}

TEST_F(Sending, AnotherServerForgetsTheAddressOfTheFirst) {
  wire.respond(kept());
  send();

  EXPECT_TRUE(uplink.set_server("http://other.local", ""));

  EXPECT_EQ(uplink.last_good().size, 0);
  wire.respond(kept());
  EXPECT_EQ(send().result, SendResult::Kept);
  EXPECT_EQ(wire.asked.back(), "other.local");
  EXPECT_EQ(wire.requests()[1].find("Authorization"), std::string::npos);
}

TEST_F(Sending, AWrongServerOrKeyChangesNothing) {
  EXPECT_FALSE(uplink.set_server("archive.local", "k3y"));
  EXPECT_FALSE(uplink.set_server("http://other.local", "two words"));
  EXPECT_FALSE(uplink.set_server("http://other.local", "k\r\nX: y"));
  wire.respond(kept());

  EXPECT_EQ(send().result, SendResult::Kept);
  EXPECT_EQ(wire.asked.back(), "archive.local");
}

TEST_F(Sending, AbandoningLetsGoOfFrameAndConnection) {
  Frame frame = owner.lend(body, kName);
  Connection connection{{{kept()}}};
  connection.takes = 10;
  wire.add(connection);
  uplink.start(frame, saying);
  for (int at = 0; at < 5; ++at) EXPECT_FALSE(uplink.step());

  uplink.abandon();
  frame.drop();

  EXPECT_FALSE(wire.is_open());
  EXPECT_FALSE(uplink.step());
  EXPECT_TRUE(uplink.is_ready());
}

}  // namespace
}  // namespace camera::testing
