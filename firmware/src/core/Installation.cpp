#include "Installation.h"

#include "Fields.h"

namespace camera {
namespace {

constexpr std::string_view kWifiNote = "wifi", kServerNote = "server", kCameraNote = "camera";
constexpr std::string_view kSsids[] = {"ssid0", "ssid1", "ssid2", "ssid3"};
constexpr std::string_view kPasswords[] = {"password0", "password1", "password2", "password3"};
constexpr std::size_t kLeastPassword = 8;  // of WPA

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
}

bool Installation::write(Notes& notes) const {
  FixedText<kMaxNote> note;
  FieldsWriter wifi(note);
  for (std::size_t i = 0; i < network_count; ++i) {
    wifi.text(kSsids[i], networks[i].ssid.view());
    wifi.text(kPasswords[i], networks[i].password.view());
  }
  bool is_written = wifi.is_whole() && notes.write(kWifiNote, note.view());
  note.clear();
  FieldsWriter server(note);
  server.string("url", url.view()).string("key", key.view());
  is_written = server.is_whole() && notes.write(kServerNote, note.view()) && is_written;
  note.clear();
  FieldsWriter camera(note);
  camera.string("id", id.view()).string("board", board.view());
  return camera.is_whole() && notes.write(kCameraNote, note.view()) && is_written;
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

bool Installation::set_server(std::string_view new_url, std::string_view new_key) {
  if (!Address::of_archive(new_url) || (!new_key.empty() && !is_key(new_key))) return false;
  FixedText<192> written;
  if (!written.add(new_url).is_whole()) return false;
  url = written;
  key.clear();
  key.add(new_key);
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
