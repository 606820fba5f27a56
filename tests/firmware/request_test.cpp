// The request's head, byte for byte as the vectors say that the archive's tests read too.
#include "core/Request.h"

#include <gtest/gtest.h>

#include <string>

#include "Json.h"
#include "ScriptedTransport.h"
#include "core/Contract.h"
#include "core/Fields.h"

namespace camera::testing {
namespace {

const Json& vectors() {
  static const Json json = Json::read_file(VECTORS "/requests.json");
  return json;
}

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
    bytes += static_cast<char>(std::stoul(hex.substr(at, 2), nullptr, 16));
  }
  return bytes;
}

/// The SHA-256 in base64 stands in the vector's head; here it is only carried.
Sha256 digest_in(const std::string& head) {
  const std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t begin = head.find("sha-256=:") + 9;
  Sha256 sha256{};
  std::uint32_t bits = 0;
  std::size_t count = 0;
  std::size_t byte = 0;
  for (std::size_t at = begin; byte < sha256.size(); ++at) {
    bits = bits << 6 | static_cast<std::uint32_t>(letters.find(head[at]));
    count += 6;
    if (count < 8) continue;
    count -= 8;
    sha256[byte++] = static_cast<std::uint8_t>(bits >> count);
  }
  return sha256;
}

TEST(RequestVectors, AreWrittenByteForByte) {
  FakeOwner owner;
  const std::string body = from_hex(vectors()["body_hex"].text);
  for (const Json& vector : vectors()["requests"].items) {
    SCOPED_TRACE(vector["name"].text);
    const Json& claimed = vector["frame"];
    Frame frame = owner.lend(
        body, FrameName{*read_boot(claimed["boot"].text), static_cast<std::uint64_t>(claimed["number"].number())},
        static_cast<std::uint64_t>(claimed["up"].number()));
    if (claimed.has("taken")) frame.taken_ms = static_cast<std::uint64_t>(claimed["taken"].number());
    if (vector.has("digest")) frame.sha256 = digest_in(vector["head"].text);
    FixedText<kMaxStatus> status;
    FixedText<kMaxLost> lost;
    RequestWords words;
    if (vector.has("key")) words.key = vector["key"].text;
    if (vector.has("now")) words.now_ms = static_cast<std::uint64_t>(vector["now"].number());
    if (vector.has("status")) {
      FieldsWriter writer(status);
      for (const auto& [key, value] : vector["status"].members) {
        if (value.kind == Json::Kind::String) writer.string(key, value.text);
        if (value.kind == Json::Kind::Number) writer.integer(key, value.number());
        if (value.kind == Json::Kind::Boolean) writer.boolean(key, value.boolean);
      }
      words.status = status.view();
    }
    if (vector.has("lost")) {
      const Json& loss = vector["lost"];
      write_lost(lost, *read_boot(loss["boot"].text), static_cast<std::uint64_t>(loss["from"].number()),
                 static_cast<std::uint64_t>(loss["to"].number()), loss["reason"].text);
      words.lost = lost.view();
    }
    const auto address = Address::of_archive(vector["url"].text);
    ASSERT_TRUE(address);
    FixedText<kMaxRequestHead> head;

    EXPECT_TRUE(write_request(head, *address, frame, words));

    EXPECT_EQ(head.view(), vector["head"].text);
  }
}

TEST(RequestVectors, ReportsAreWrittenByteForByte) {
  ASSERT_FALSE(vectors()["reports"].items.empty());
  for (const Json& vector : vectors()["reports"].items) {
    SCOPED_TRACE(vector["name"].text);
    const Json& claimed = vector["report"];
    FixedText<kMaxStatus> status;
    FixedText<kMaxLost> lost;
    RequestWords words;
    if (vector.has("key")) words.key = vector["key"].text;
    FieldsWriter writer(status);
    for (const auto& [key, value] : vector["status"].members) {
      if (value.kind == Json::Kind::String) writer.string(key, value.text);
      if (value.kind == Json::Kind::Number) writer.integer(key, value.number());
    }
    words.status = status.view();
    if (vector.has("lost")) {
      const Json& loss = vector["lost"];
      write_lost(lost, *read_boot(loss["boot"].text), static_cast<std::uint64_t>(loss["from"].number()),
                 static_cast<std::uint64_t>(loss["to"].number()), loss["reason"].text);
      words.lost = lost.view();
    }
    const auto address = Address::of_archive(vector["url"].text)->for_reports();
    ASSERT_TRUE(address);
    const FrameName name{*read_boot(claimed["boot"].text), static_cast<std::uint64_t>(claimed["number"].number())};
    FixedText<kMaxRequestHead> head;

    EXPECT_TRUE(write_report(head, *address, name, words));

    EXPECT_EQ(head.view(), vector["head"].text);
  }
}

TEST(Request, EverythingAtItsLongestFits) {
  FakeOwner owner;
  const std::string body = "j";
  Frame frame = owner.lend(body, FrameName{UINT64_MAX, kMaxNumber}, kMaxNumber);
  frame.taken_ms = kMaxNumber;
  frame.sha256 = Sha256{};
  std::string url = "https://" + std::string(Address::kMaxHost, 'h') + ":65535/";
  url += std::string(Address::kMaxTarget - 1 - std::string("/api/frames").size(), 'p');
  const auto address = Address::of_archive(url);
  ASSERT_TRUE(address);
  const std::string key(kMaxKey, 'k');
  const std::string status(kMaxStatus, 's');
  const std::string lost(kMaxLost, 'l');
  FixedText<kMaxRequestHead> head;

  EXPECT_TRUE(write_request(head, *address, frame, RequestWords{key, kMaxNumber, status, lost}));

  EXPECT_NE(head.view().find(lost + "\r\n\r\n"), std::string_view::npos);
}

TEST(Request, WordsThatWouldBreakOutOfTheirLineAreLeftOut) {
  FakeOwner owner;
  const std::string body = "j";
  const Frame frame = owner.lend(body, FrameName{1, 2});
  const auto address = Address::of_archive("http://a");
  FixedText<kMaxRequestHead> head;

  EXPECT_TRUE(write_request(head, *address, frame, RequestWords{"k\r\nX: y", {}, "a=1\r\n\r\nPOST", "b\n"}));

  EXPECT_EQ(head.view(),
            "POST /api/frames HTTP/1.1\r\nHost: a\r\nUser-Agent: esp32-camera-archive\r\nContent-Type: image/jpeg\r\n"
            "Content-Length: 1\r\nCamera-Frame: boot=\"0000000000000001\", number=2, up=83412\r\n\r\n");
}

TEST(Request, WhatDoesNotFitIsNotWhole) {
  FakeOwner owner;
  const std::string body = "j";
  const Frame frame = owner.lend(body, FrameName{1, 2});
  FixedText<100> head;
  EXPECT_FALSE(write_request(head, *Address::of_archive("http://a"), frame, RequestWords{}));
}

}  // namespace
}  // namespace camera::testing
