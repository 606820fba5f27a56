#include "EspPortal.h"

#include <WiFi.h>

#include "Boards.h"
#include "EspRoots.h"

namespace camera {
namespace {

constexpr const char* kHtml = "text/html; charset=utf-8";

constexpr std::string_view kHead = R"(<!doctype html><html lang=en><meta charset=utf-8>
<meta name=viewport content="width=device-width"><title>Set up the camera</title>
<style>body{font:1rem/1.5 system-ui;margin:auto;max-width:26rem;padding:1rem}label{display:block;margin-top:.75rem}
input,select,textarea,button{box-sizing:border-box;font:inherit;padding:.5rem;width:100%}button{margin-top:1rem}</style>
<h1>Set up the camera</h1>)";

constexpr std::string_view kWifiForm = R"(<form method=post action=/>
<label>Wi-Fi network<input name=ssid maxlength=32 required autocapitalize=none></label>
<label>Its password<input name=password type=password maxlength=63></label>)";

constexpr std::string_view kRestOfForm = R"(<label>The archive's address, or nothing to look for it here<input name=url type=url maxlength=192 placeholder="http://attic.local:5555"></label>
<label>The camera's key, or nothing for the one it has<input name=key type=password maxlength=128 autocomplete=off></label>
<label>For an https address: its root certificate, or two (PEM)<textarea name=root rows=3></textarea></label>
<label>The camera's name<input name=id maxlength=32 pattern="[a-z0-9][a-z0-9_\-]*"></label>)";

std::string_view view_of(const String& text) { return {text.c_str(), text.length()}; }

}  // namespace

void EspPortal::open(const char* name, bool asks_for_wifi_alone) {
  if (is_open_) return;
  name_ = name;
  asks_for_wifi_alone_ = asks_for_wifi_alone;
  raise();
  names_.start(53, "*", WiFi.softAPIP());
  pages_.on("/", HTTP_GET, [this] { show(200, ""); });
  pages_.on("/", HTTP_POST, [this] { save(); });
  // A phone asks for a page of its own to find out whether it is online; sent here, it opens ours.
  pages_.onNotFound([this] {
    pages_.sendHeader("Location", "http://192.168.4.1/");
    pages_.send(302, kHtml, "");
  });
  pages_.begin();
  is_open_ = true;
}

void EspPortal::raise() {
  WiFi.mode(WIFI_AP_STA);
  WiFi.softAP(name_);
}

bool EspPortal::has_visitor() const { return is_open_ && WiFi.softAPgetStationNum() > 0; }

void EspPortal::close() {
  if (!is_open_) return;
  pages_.stop();
  names_.stop();
  WiFi.softAPdisconnect(true);
  is_open_ = false;
}

void EspPortal::step() {
  if (!is_open_) return;
  if ((WiFi.getMode() & WIFI_AP) == 0) raise();  // the radio was off and on meanwhile
  names_.processNextRequest();
  pages_.handleClient();
}

void EspPortal::show(int status, std::string_view message) {
  FixedText<4096> page;
  page.add(kHead);
  if (!message.empty()) page.add("<p role=alert>").add(message).add("</p>");
  page.add(kWifiForm);
  if (!asks_for_wifi_alone_) page.add(kRestOfForm);
  if (!asks_for_wifi_alone_ && kCompiledFor.empty()) {
    page.add("<label>The board<select name=board>");
    for (const Board& board : kBoards) page.add("<option>").add(board.id);
    page.add("</select></label>");
  }
  page.add("<button>Save</button></form>");
  Installation installation;
  installation.read(notes_);
  if (!installation.key_end().empty()) {
    page.add("<p>Its key ends in <b>").add(installation.key_end()).add("</b>: the archive shows the same when it asks to join.");
  }
  page.add('\0');
  pages_.sendHeader("Cache-Control", "no-store");
  pages_.send(status, kHtml, page.view().data());
}

void EspPortal::save() {
  is_too_long_ = false;
  const bool takes_all = !asks_for_wifi_alone_;
  if (takes_all && !keep_root()) {
    show(422, "That is not one root certificate, or two, in PEM.");
  } else if (tell_wifi() && (!takes_all || (tell_server() && tell_camera())) && tell("commit")) {
    pages_.send(200, kHtml,
                "<!doctype html><title>Saved</title><p>Saved. The camera joins it, and this network goes away.");
  } else if (is_too_long_) {
    show(422, "That is too long: a network has 32 letters at most, a password 63, a key 128.");
  } else {
    FixedText<Setup::kMaxAnswer> why;
    for (const char letter : setup_.answer()) {
      if (letter != '<' && letter != '&') why.add(letter);
    }
    show(422, why.view());
  }
}

// A line to set-up; whether it was taken. One from which something was left out is not said at all: a network without the
// password that was too long would be an open one.
bool EspPortal::tell(std::string_view line, bool is_whole) {
  is_too_long_ = !is_whole;
  if (is_too_long_) return false;
  for (const char letter : line) setup_.take(letter, {});
  setup_.take('\n', {});
  return setup_.answer().substr(0, 2) == "ok";
}

bool EspPortal::tell_wifi() {
  FixedText<Setup::kMaxLine> line;
  line.add("wifi ");
  FieldsWriter writer(line);
  writer.text("ssid", view_of(pages_.arg("ssid"))).text("password", view_of(pages_.arg("password")));
  return tell(line.view(), writer.is_whole());
}

bool EspPortal::tell_server() {
  const String url = pages_.arg("url");
  const String key = pages_.arg("key");
  if (url.length() == 0 && key.length() == 0) return true;
  FixedText<Setup::kMaxLine> line;
  line.add("server ");
  FieldsWriter writer(line);
  if (url.length() != 0) writer.string("url", view_of(url));
  if (key.length() != 0) writer.string("key", view_of(key));
  return tell(line.view(), writer.is_whole());
}

bool EspPortal::tell_camera() {
  const String id = pages_.arg("id");
  const String board = pages_.arg("board");
  FixedText<Setup::kMaxLine> line;
  line.add("camera ");
  FieldsWriter writer(line);
  writer.string("id", id.length() != 0 ? view_of(id) : name_);
  if (board.length() != 0) writer.string("board", view_of(board));
  return tell(line.view(), writer.is_whole());
}

bool EspPortal::keep_root() {
  const String root = pages_.arg("root");
  return root.length() == 0 || keep_roots(notes_, root.c_str());
}

}  // namespace camera
