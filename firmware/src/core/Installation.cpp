#include "Installation.h"

#include <cstring>

#include "Fields.h"

namespace camera {
namespace {

constexpr std::string_view kWifiNote = "wifi", kServerNote = "server", kCameraNote = "camera", kOwnKeyNote = "key",
                           kNextKeyNote = "nextkey";
constexpr std::string_view kSsids[] = {"ssid0", "ssid1", "ssid2", "ssid3"};
constexpr std::string_view kPasswords[] = {"password0", "password1", "password2", "password3"};
constexpr std::size_t kLeastPassword = 8;  // of WPA
constexpr std::size_t kKeyBytes = 32;

/// In base64 as URLs have it (RFC 4648, 5), without padding.
void add_base64url(Text& out, const std::uint8_t (&bytes)[kKeyBytes]) {
  FixedText<(kKeyBytes + 2) / 3 * 4> padded;
  padded.add_base64(bytes, kKeyBytes);
  for (const char letter : padded.view())
    if (letter != '=') out.add(letter == '+' ? '-' : letter == '/' ? '_' : letter);
}

/// False: the source stands still.
bool draw(Random& random, Text& key) {
  std::uint8_t bytes[kKeyBytes];
  const std::uint32_t prefix = random.next_u32();
  bool stands_still = true;
  for (std::size_t at = 0; at < kKeyBytes; at += sizeof prefix) {
    const std::uint32_t word = random.next_u32();
    std::memcpy(bytes + at, &word, sizeof word);
    stands_still = stands_still && word == prefix;
  }
  FixedText<16> digits;
  digits.add_hex(prefix);
  key.add("cam_").add(digits.view().substr(8)).add('_');
  add_base64url(key, bytes);
  return !stands_still && key.is_whole();
}

bool write_own_key(Notes& notes, std::string_view key, bool was_let_in) {
  FixedText<kMaxNote> note;
  FieldsWriter(note).string("key", key).boolean("let_in", was_let_in);
  return notes.write(kOwnKeyNote, note.view());
}

}  // namespace

void Installation::read(Notes& notes) {
  *this = Installation();
  FixedText<kMaxNote> note;
  if (notes.read(kWifiNote, note)) {
    const Fields fields(note.view());
    for (std::size_t i = 0; i < kMaxNetworks; ++i) {
      Network network;
      if (!fields.string(kSsids[i], network.ssid)) break;
      fields.string(kPasswords[i], network.password);
      networks[network_count++] = network;
    }
  }
  note.clear();
  if (notes.read(kServerNote, note)) {
    const Fields fields(note.view());
    fields.string("url", url);
    fields.string("key", key);
  }
  note.clear();
  if (notes.read(kCameraNote, note)) {
    const Fields fields(note.view());
    fields.string("id", id);
    fields.string("board", board);
  }
  note.clear();
  if (notes.read(kOwnKeyNote, note)) {
    const Fields fields(note.view());
    fields.string("key", own_key);
    was_let_in = fields.boolean("let_in").value_or(false);
  }
  notes.read(kNextKeyNote, next_key);
  if (key.is_empty() && next_key.view() == own_key.view()) next_key.clear();  // the power went between two notes
}

bool Installation::write(Notes& notes) const {
  FixedText<kMaxNote> note;
  FieldsWriter wifi(note);
  for (std::size_t i = 0; i < network_count; ++i) {
    wifi.text(kSsids[i], networks[i].ssid.view());
    wifi.text(kPasswords[i], networks[i].password.view());
  }
  bool is_written = wifi.is_whole() && notes.write(kWifiNote, note.view());
  is_written = write_server(notes) && is_written;
  note.clear();
  FieldsWriter camera(note);
  camera.string("id", id.view()).string("board", board.view());
  is_written = camera.is_whole() && notes.write(kCameraNote, note.view()) && is_written;
  return (!forgets_own_key || (notes.write(kOwnKeyNote, "") && notes.write(kNextKeyNote, ""))) && is_written;
}

bool Installation::write_server(Notes& notes) const {
  FixedText<kMaxNote> note;
  FieldsWriter server(note);
  server.string("url", url.view()).string("key", key.view());
  return server.is_whole() && notes.write(kServerNote, note.view());
}

std::string_view Installation::key_end() const {
  constexpr std::size_t kLetters = 4, kLeastKey = 32;  // of a short key they would be too much
  const std::string_view shown = key_to_show();
  return shown.size() < kLeastKey ? std::string_view() : shown.substr(shown.size() - kLetters);
}

bool Installation::draw_key(Random& random, Notes& notes) {
  FixedText<kOwnKeyLetters> drawn;
  if (!draw(random, drawn) || !write_own_key(notes, drawn.view(), false)) return false;
  own_key = drawn;
  was_let_in = false;
  return true;
}

std::string_view Installation::prefix_of(std::string_view key) {
  const bool is_ours = key.size() == kOwnKeyLetters && key.substr(0, 4) == "cam_" && key[12] == '_';
  return is_ours ? key.substr(4, 8) : std::string_view();
}

bool Installation::draw_next_key(Random& random, Notes& notes) {
  if (!next_key.is_empty()) return true;
  FixedText<kOwnKeyLetters> drawn;
  if (!draw(random, drawn) || !notes.write(kNextKeyNote, drawn.view())) return false;
  next_key = drawn;
  return true;
}

bool Installation::take_next_key(Notes& notes) {
  // In this order: wherever the power goes, the camera shows a key that the archive knows.
  if (next_key.is_empty() || !write_own_key(notes, next_key.view(), true)) return false;
  own_key = next_key;
  was_let_in = true;
  const FixedText<kMaxKey> given = key;
  key.clear();
  if (!given.is_empty() && !write_server(notes)) {
    key = given;
    return false;
  }
  next_key.clear();
  notes.write(kNextKeyNote, "");
  return true;
}

void Installation::note_let_in(Notes& notes) {
  if (!key.is_empty() || was_let_in) return;
  was_let_in = write_own_key(notes, own_key.view(), true);
}

bool Installation::add_network(std::string_view ssid, std::string_view password) {
  Network network;
  if (ssid.empty() || !network.ssid.add(ssid).is_whole() || !network.password.add(password).is_whole()) return false;
  if (!password.empty() && password.size() < kLeastPassword) return false;
  std::size_t place = 0;
  while (place < network_count && networks[place].ssid.view() != ssid) ++place;
  if (place == network_count) {
    if (network_count < kMaxNetworks) ++network_count;
    place = network_count - 1;
  }
  for (; place > 0; --place) networks[place] = networks[place - 1];
  networks[0] = network;
  return true;
}

bool Installation::set_url(std::string_view new_url) {
  FixedText<192> written;
  if (!Address::of_archive(new_url) || !written.add(new_url).is_whole()) return false;
  url = written;
  return true;
}

bool Installation::set_key(std::string_view new_key) {
  if (!new_key.empty() && !is_key(new_key)) return false;
  key.clear();
  key.add(new_key);
  forgets_own_key = new_key.empty();
  return true;
}

bool Installation::set_id(std::string_view new_id) {
  if (new_id.empty() || new_id.size() > 32 || new_id[0] == '-' || new_id[0] == '_') return false;
  for (const char c : new_id)
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_')) return false;
  id.clear();
  id.add(new_id);
  return true;
}

}  // namespace camera
