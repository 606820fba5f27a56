// The vectors, mutated by a seeded hand, through every parser under the sanitizers. FUZZ_ROUNDS and FUZZ_SEED from
// outside.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "Json.h"
#include "parsers_fuzz.h"

namespace camera::testing {
namespace {

unsigned long setting(const char* name, unsigned long otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoul(text, nullptr, 10);
}

std::vector<std::string> seeds() {
  std::vector<std::string> all = {"http://archive.local:5555/in", "https://[fe80::1]:8443"};
  for (const auto& kind : Json::read_file(VECTORS "/fields.json").members) {
    for (const Json& vector : kind.second.items) all.push_back(vector["text"].text);
  }
  const Json replies = Json::read_file(VECTORS "/replies.json");
  for (const Json& vector : replies["replies"].items) all.push_back(vector["bytes"].text);
  return all;
}

TEST(Fuzz, NoBytesBreakAParser) {
  const auto corpus = seeds();
  const unsigned long rounds = setting("FUZZ_ROUNDS", 30'000);
  const unsigned long seed = setting("FUZZ_SEED", 20261122);
  std::printf("FUZZ_SEED=%lu FUZZ_ROUNDS=%lu\n", seed, rounds);
  std::fflush(stdout);  // before anything can end this program
  std::mt19937 random(static_cast<std::mt19937::result_type>(seed));
  const auto below = [&](std::size_t bound) { return bound == 0 ? 0 : random() % bound; };
  static constexpr std::string_view kPieces[] = {
      "\r\n", "\r\n\r\n",        "\"", "\\", "=",   ", ", ";",         "(",   ")",   ":",
      "?1",   "999999999999999", "-",  ".",  "%\"", "@",  "HTTP/1.1 ", "100", "kept"};
  for (unsigned long round = 0; round < rounds; ++round) {
    std::string text = corpus[below(corpus.size())];
    for (std::size_t change = below(6); change-- > 0;) {
      const std::size_t at = below(text.size() + 1);
      switch (below(6)) {
        case 0:
          if (at < text.size()) text[at] = static_cast<char>(random());
          break;
        case 1:
          text.erase(at, below(8));
          break;
        case 2:
          text.insert(at, kPieces[below(std::size(kPieces))]);
          break;
        case 3:
          text.insert(at, text.substr(below(text.size() + 1), below(40)));
          break;
        case 4:
          text = text.substr(0, at) + corpus[below(corpus.size())];
          break;
        default:
          text.resize(at);
      }
    }
    ASSERT_TRUE(fields_keep_their_promises(text)) << "round " << round << ": " << text;
    ASSERT_TRUE(reply_keeps_its_promises(text)) << "round " << round << ": " << text;
    ASSERT_TRUE(address_keeps_its_promises(text)) << "round " << round << ": " << text;
  }
}

}  // namespace
}  // namespace camera::testing
