// Address: URLs as people give them, and redirects as servers write them.
#include "core/Address.h"

#include <gtest/gtest.h>

#include <string>

namespace camera::testing {
namespace {

std::string as_text(const std::optional<Address>& address) {
  if (!address) return "none";
  FixedText<600> text;
  text.add(address->is_tls() ? "https://" : "http://");
  address->write_host(text);
  text.add(address->target());
  return std::string(text.view());
}

TEST(Address, IsReadAsPeopleGiveIt) {
  const char* const cases[][2] = {
      {"http://archive.local:5555", "http://archive.local:5555/api/frames"},
      {"HTTP://Archive.Local/", "http://archive.local/api/frames"},
      {"https://example.com", "https://example.com/api/frames"},
      {"https://example.com:443", "https://example.com/api/frames"},
      {"https://example.com:80", "https://example.com:80/api/frames"},
      {"http://example.com:", "http://example.com/api/frames"},
      {"http://10.0.0.7/cam//", "http://10.0.0.7/cam/api/frames"},
      {"http://10.0.0.7/cam/api/frames/", "http://10.0.0.7/cam/api/frames"},
      {"http://[fe80::1]:8080", "http://[fe80::1]:8080/api/frames"},
      {"archive.local", "none"},
      {"ftp://archive.local", "none"},
      {"http://", "none"},
      {"http:///api/frames", "none"},
      {"http://archive.local:0", "none"},
      {"http://archive.local:65536", "none"},
      {"http://archive.local:5x", "none"},
      {"http://user:word@archive.local", "none"},
      {"http://archive.local/?a=b", "none"},
      {"http://archive.local/#a", "none"},
      {"http://archive.local/a b", "none"},
      {"http://archive.local/a\r\nX: y", "none"},
      {"http://arch\tive.local", "none"},
      {"http://[fe80::1", "none"},
      {"http://[fe80::1]x", "none"},
      {"http://[not6]", "http://not6/api/frames"},
      {"http://[]", "none"},
  };
  for (const auto& one : cases) EXPECT_EQ(as_text(Address::of_archive(one[0])), one[1]) << one[0];
}

TEST(Address, TooLongIsNone) {
  EXPECT_TRUE(Address::of_archive("http://" + std::string(Address::kMaxHost, 'a')));
  EXPECT_FALSE(Address::of_archive("http://" + std::string(Address::kMaxHost + 1, 'a')));
  EXPECT_FALSE(Address::of_archive("http://a/" + std::string(Address::kMaxTarget, 'a')));
}

TEST(Address, RedirectsLeadWhereTheyPoint) {
  const auto from = Address::of_archive("http://archive.local:5555/in");  // …/in/api/frames
  const char* const cases[][2] = {
      {"https://archive.local/x?y=1#z", "https://archive.local/x?y=1"},
      {"HTTPS://archive.local", "https://archive.local/"},
      {"http://other.example?a", "http://other.example/?a"},
      {"//other.example/x", "http://other.example/x"},
      {"/x", "http://archive.local:5555/x"},
      {"x", "http://archive.local:5555/in/api/x"},
      {"?x=1", "http://archive.local:5555/in/api/frames?x=1"},
      {"#only", "http://archive.local:5555/in/api/frames"},
      {"mailto:someone", "none"},
      {"ftp://archive.local/", "none"},
      {"//", "none"},
      {"/a b", "none"},
      {"/a\tb", "none"},
  };
  for (const auto& one : cases) EXPECT_EQ(as_text(from->redirected(one[0])), one[1]) << one[0];
}

TEST(Address, AKeyStaysWithItsHostAndBehindTls) {
  const auto at = [](const char* url) { return *Address::of_archive(url); };
  EXPECT_TRUE(at("http://a").may_share_key_with(at("https://a")));
  EXPECT_TRUE(at("https://a").may_share_key_with(at("https://a:8443")));
  EXPECT_TRUE(at("http://a").may_share_key_with(at("http://A:81")));
  EXPECT_FALSE(at("https://a").may_share_key_with(at("http://a")));
  EXPECT_FALSE(at("http://a").may_share_key_with(at("http://b")));
  EXPECT_FALSE(at("http://a").may_share_key_with(at("http://a.b")));
}

}  // namespace
}  // namespace camera::testing
