// Judges lines for the Python tests: each line of input is a text in hex; the answer says what Fields makes of it.
//
//   broken            the grammar is broken
//   echo B N ANSWER   it is a whole echo
//   fields K=V …      otherwise its members, as kind and value, in order
#include <cstdio>
#include <set>
#include <string>
#include <string_view>

#include "core/Contract.h"
#include "core/Fields.h"

namespace {

using camera::Fields;

std::string from_hex(const char* hex) {
  std::string bytes;
  for (unsigned byte = 0; std::sscanf(hex, "%2x", &byte) == 1; hex += 2) bytes += static_cast<char>(byte);
  return bytes;
}

void print_member(const Fields& fields, const Fields::Member& member) {
  std::printf(" %.*s=", static_cast<int>(member.key.size()), member.key.data());
  camera::FixedText<4096> string;
  switch (member.kind) {
    case Fields::Kind::Integer:
      std::printf("i%lld", static_cast<long long>(member.number));
      break;
    case Fields::Kind::Decimal:
      std::printf("d%lld", static_cast<long long>(member.number));
      break;
    case Fields::Kind::Boolean:
      std::printf("b%lld", static_cast<long long>(member.number));
      break;
    case Fields::Kind::String:
      fields.string(member.key, string);
      std::printf("s");
      for (const char letter : string.view()) std::printf("%02x", static_cast<unsigned>(letter));
      break;
    case Fields::Kind::Token:
      std::printf("t%.*s", static_cast<int>(member.text.size()), member.text.data());
      break;
    case Fields::Kind::Bytes:
    case Fields::Kind::Date:
    case Fields::Kind::DisplayString:
    case Fields::Kind::InnerList:
      std::printf("-");
      break;
  }
}

}  // namespace

int main() {
  static char line[65536];
  while (std::fgets(line, sizeof line, stdin) != nullptr) {
    const std::string text = from_hex(line);
    const Fields fields(text);
    if (!fields.is_valid()) {
      std::puts("broken");
      continue;
    }
    if (const auto echo = camera::read_echo(text)) {
      const char* const words[] = {"kept", "refused", "again"};
      std::printf("echo %016llx %llu %s\n", static_cast<unsigned long long>(echo->name.boot),
                  static_cast<unsigned long long>(echo->name.number), words[static_cast<int>(echo->answer)]);
      continue;
    }
    std::printf("fields");
    Fields::Member member;
    // Of members with the same key only the last counts, and it is shown in the place of the first.
    std::set<std::string_view> shown;
    for (std::size_t at = 0; fields.next(at, member);) {
      if (shown.insert(member.key).second) print_member(fields, *fields.find(member.key));
    }
    std::puts("");
  }
  return 0;
}
