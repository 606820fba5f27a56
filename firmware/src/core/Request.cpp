#include "Request.h"

#include "Contract.h"

namespace camera {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

bool is_one_line(std::string_view text, std::size_t at_most) {
  if (text.empty() || text.size() > at_most) return false;
  for (const char letter : text) {
    if (letter < ' ' || letter > '~') return false;
  }
  return true;
}

/// The lines above what the request is about.
void begin_head(Text& out, const Address& address, const RequestWords& words) {
  out.add("POST ").add(address.target()).add(" HTTP/1.1\r\nHost: ");
  address.write_host(out);
  out.add("\r\nUser-Agent: esp32-camera-archive\r\n");
  if (is_key(words.key)) out.add("Authorization: Bearer ").add(words.key).add(kLineEnd);
}

/// The lines below it, the empty one included.
void end_head(Text& out, const RequestWords& words) {
  if (is_one_line(words.status, kMaxStatus)) out.add(kStatusField).add(": ").add(words.status).add(kLineEnd);
  if (is_one_line(words.lost, kMaxLost)) out.add(kLostField).add(": ").add(words.lost).add(kLineEnd);
  if (is_one_line(words.next_key, kMaxNextKey)) out.add(kKeyField).add(": ").add(words.next_key).add(kLineEnd);
  out.add(kLineEnd);
}

}  // namespace

bool is_key(std::string_view key) { return is_one_line(key, kMaxKey) && key.find(' ') == std::string_view::npos; }

bool write_request(Text& out, const Address& address, const Frame& frame, const RequestWords& words) {
  begin_head(out, address, words);
  out.add("Content-Type: image/jpeg\r\nContent-Length: ").add_number(frame.bytes().size).add(kLineEnd);
  if (frame.sha256) {
    out.add(kDigestField).add(": ");
    write_digest(out, *frame.sha256);
    out.add(kLineEnd);
  }
  out.add(kFrameField).add(": ");
  write_claim(out, frame, words.now_ms);
  out.add(kLineEnd);
  end_head(out, words);
  return out.is_whole();
}

bool write_report(Text& out, const Address& address, const FrameName& name, const RequestWords& words) {
  begin_head(out, address, words);
  out.add("Content-Length: 0\r\n").add(kReportField).add(": ");
  write_report_name(out, name);
  out.add(kLineEnd);
  end_head(out, words);
  return out.is_whole();
}

}  // namespace camera
