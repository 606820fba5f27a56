#include "WireFaults.h"

#include "../src/core/Fields.h"

namespace camera {
namespace {

struct NumberOf {
  std::string_view key;
  std::optional<std::uint64_t> WireFaults::*member;
};
constexpr NumberOf kNumbers[] = {{"cut", &WireFaults::cut}, {"cut_within", &WireFaults::cut_within}};

struct CountOf {
  std::string_view key;
  std::uint32_t WireFaults::*member;
};
constexpr CountOf kCounts[] = {
    {"rate", &WireFaults::rate},         {"chance", &WireFaults::chance},     {"seed", &WireFaults::seed},
    {"redirect", &WireFaults::redirect}, {"idle_cut", &WireFaults::idle_cut}, {"buffer", &WireFaults::buffer}};

struct FlagOf {
  std::string_view key;
  bool WireFaults::*member;
};
constexpr FlagOf kFlags[] = {{"lose", &WireFaults::lose},       {"duplicate", &WireFaults::duplicate},
                             {"reorder", &WireFaults::reorder}, {"black_hole", &WireFaults::black_hole},
                             {"portal", &WireFaults::portal},   {"refuse", &WireFaults::refuse},
                             {"warning", &WireFaults::warning}, {"mix", &WireFaults::mix}};

bool read(const Fields::Member& member, WireFaults& faults) {
  const bool is_count = member.kind == Fields::Kind::Integer && member.number >= 0;
  for (const NumberOf& number : kNumbers) {
    if (number.key != member.key) continue;
    faults.*number.member = static_cast<std::uint64_t>(member.number);
    return is_count;
  }
  for (const CountOf& count : kCounts) {
    if (count.key != member.key) continue;
    faults.*count.member = static_cast<std::uint32_t>(member.number);
    return is_count && member.number <= INT32_MAX;
  }
  for (const FlagOf& flag : kFlags) {
    if (flag.key != member.key) continue;
    faults.*flag.member = member.number != 0;
    return member.kind == Fields::Kind::Boolean;
  }
  return false;
}

}  // namespace

std::optional<WireFaults> read_wire_faults(std::string_view text) {
  const Fields fields(text);
  if (!fields.is_valid()) return std::nullopt;
  WireFaults faults;
  Fields::Member member;
  for (std::size_t at = 0; fields.next(at, member);) {
    if (!read(member, faults)) return std::nullopt;
  }
  if (faults.redirect != 0 && faults.redirect != 307 && faults.redirect != 308) return std::nullopt;
  return faults;
}

}  // namespace camera
