// What every parser of the core promises of any bytes at all. libFuzzer and the mutation loop both come through here.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/Address.h"
#include "core/Addresses.h"
#include "core/Contract.h"
#include "core/Fields.h"
#include "core/Reply.h"

namespace camera::testing {

/// Any text and any bytes that are written are read as they were.
inline bool text_comes_back(std::string_view text) {
  FixedText<512> written;
  FixedText<64> read, as_bytes;
  FieldsWriter(written).text("t", text).bytes("b", {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  const Fields fields(written.view());
  return fields.string("t", read) && read.view() == text && fields.bytes("b", as_bytes) && as_bytes.view() == text;
}

class NoNotes final : public Notes {
 public:
  bool read(std::string_view, Text&) override { return false; }
  bool write(std::string_view, std::string_view) override { return true; }
};

/// Whatever a camera with TLS is told, it goes to TLS, and comes back to where it was set up.
inline bool addresses_keep_their_promises(std::string_view text) {
  NoNotes notes;
  Addresses addresses(notes);
  addresses.begin("https://home.example", 0);
  addresses.offer(text, "Barn");
  bool is_home = false;
  for (std::uint64_t at = 0; at < 4; ++at) {
    addresses.enter("Barn", at);
    addresses.sent(SendResult::Unreachable, "Barn", at, true);
    const auto address = Address::of_archive(addresses.current());
    if (!address || !address->is_tls()) return false;
    is_home = is_home || addresses.is_set_up();
  }
  return is_home;
}

/// False when a promise is broken.
inline bool fields_keep_their_promises(std::string_view text) {
  const Fields fields(text);
  std::size_t members = 0;
  Fields::Member member;
  for (std::size_t at = 0; fields.next(at, member); ++members) {
    if (!(members < text.size() && !member.key.empty())) return false;
    if (!(fields.has(member.key))) return false;
    FixedText<64> string;
    const bool is_read = fields.string(member.key, string);
    if (!(string.is_whole() && (is_read || string.is_empty()))) return false;
    FixedText<64> bytes;
    const bool has_bytes = fields.bytes(member.key, bytes);
    if (!(bytes.is_whole() && (has_bytes || bytes.is_empty()) && !(is_read && has_bytes))) return false;
    if (!text_comes_back(string.view())) return false;
    // What was read can be written and read again.
    FixedText<256> again;
    FieldsWriter writer(again);
    if (member.kind == Fields::Kind::Integer) writer.integer(member.key, member.number);
    if (member.kind == Fields::Kind::Decimal) writer.decimal(member.key, member.number);
    if (member.kind == Fields::Kind::Boolean) writer.boolean(member.key, member.number != 0);
    if (member.kind == Fields::Kind::Token) writer.token(member.key, member.text);
    if (!writer.is_whole() || again.is_empty()) continue;
    const auto found = Fields(again.view()).find(member.key);
    if (!(found && found->kind == member.kind && found->number == member.number)) return false;
    if (!(member.kind != Fields::Kind::Token || found->text == member.text)) return false;
  }
  if (!(fields.is_valid() || members == 0)) return false;
  const auto echo = read_echo(text);
  if (!(!echo || (fields.is_valid() && echo->name.number <= kMaxNumber))) return false;
  (void)read_clock(text);
  return addresses_keep_their_promises(text);
}

inline bool reply_keeps_its_promises(std::string_view bytes) {
  Reply reply;
  std::size_t taken = 0;
  for (const char byte : bytes) {
    if (reply.state() == Reply::State::Incomplete) ++taken;
    reply.take(static_cast<std::uint8_t>(byte));
  }
  if (!(taken <= Reply::kMaxHead + 1)) return false;
  if (reply.state() != Reply::State::Answered) return true;
  if (!(reply.status() >= 200 && reply.status() <= 599)) return false;
  (void)reply.retry_after_ms(1'795'345'345'123);
  (void)reply.body_before_next();
  (void)read_echo(reply.frame());
  const auto from = Address::of_archive("https://archive.local:8443/in");
  const auto to = from->redirected(reply.location());
  if (!(!to ||
        (!to->host().empty() && to->port() != 0 && to->target().find_first_of(" \r\n") == std::string_view::npos)))
    return false;
  return true;
}

inline bool address_keeps_its_promises(std::string_view text) {
  const auto address = Address::of_archive(text);
  return !address || (!address->host().empty() && address->target().front() == '/');
}

}  // namespace camera::testing
