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

constexpr std::string_view kForm = R"(<form method=post action=/>
<label>Wi-Fi network<input name=ssid maxlength=32 required autocapitalize=none></label>
<label>Its password<input name=password type=password maxlength=63></label>
<label>The archive's address, or nothing to look for it here<input name=url type=url maxlength=192 placeholder="http://attic.local:5555"></label>
<label>The camera's key<input name=key type=password maxlength=128 autocomplete=off></label>
<label>For an https address: its root certificate, or two (PEM)<textarea name=root rows=3></textarea></label>
<label>The camera's name<input name=id maxlength=32 pattern="[a-z0-9][a-z0-9_\-]*"></label>)";

std::string_view view_of(const String& text) { return {text.c_str(), text.length()}; }

}  // namespace

void EspPortal::open(const char* name) {
  if (is_open_) return;
  name_ = name;
  WiFi.mode(WIFI_AP_STA);
  WiFi.softAP(name);
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

void EspPortal::close() {
  if (!is_open_) return;
  pages_.stop();
  names_.stop();
  WiFi.softAPdisconnect(true);
  is_open_ = false;
}

void EspPortal::step() {
  if (!is_open_) return;
  names_.processNextRequest();
  pages_.handleClient();
}

void EspPortal::show(int status, std::string_view message) {
  FixedText<4096> page;
  page.add(kHead);
  if (!message.empty()) page.add("<p role=alert>").add(message).add("</p>");
  page.add(kForm);
  if (kCompiledFor.empty()) {
    page.add("<label>The board<select name=board>");
    for (const Board& board : kBoards) page.add("<option>").add(board.id);
    page.add("</select></label>");
  }
  page.add("<button>Save</button></form>").add('\0');
  pages_.sendHeader("Cache-Control", "no-store");
  pages_.send(status, kHtml, page.view().data());
}

void EspPortal::save() {
  if (!keep_root()) {
    show(422, "That is not one root certificate, or two, in PEM.");
  } else if (tell_wifi() && tell_server() && tell_camera() && tell("commit")) {
    pages_.send(200, kHtml,
                "<!doctype html><title>Saved</title><p>Saved. The camera restarts and this network goes away.");
  } else {
    FixedText<Setup::kMaxAnswer> why;
    for (const char letter : setup_.answer()) {
      if (letter != '<' && letter != '&') why.add(letter);
    }
    show(422, why.view());
  }
}

// A line to set-up; whether it was taken.
bool EspPortal::tell(std::string_view line) {
  for (const char letter : line) setup_.take(letter, {});
  setup_.take('\n', {});
  return setup_.answer().substr(0, 2) == "ok";
}

bool EspPortal::tell_wifi() {
  FixedText<Setup::kMaxLine> line;
  line.add("wifi ");
  FieldsWriter(line).text("ssid", view_of(pages_.arg("ssid"))).text("password", view_of(pages_.arg("password")));
  return tell(line.view());
}

bool EspPortal::tell_server() {
  const String url = pages_.arg("url");
  if (url.length() == 0) return true;
  FixedText<Setup::kMaxLine> line;
  line.add("server ");
  FieldsWriter(line).string("url", view_of(url)).string("key", view_of(pages_.arg("key")));
  return tell(line.view());
}

bool EspPortal::tell_camera() {
  const String id = pages_.arg("id");
  const String board = pages_.arg("board");
  FixedText<Setup::kMaxLine> line;
  line.add("camera ");
  FieldsWriter writer(line);
  writer.string("id", id.length() != 0 ? view_of(id) : name_);
  if (board.length() != 0) writer.string("board", view_of(board));
  return tell(line.view());
}

bool EspPortal::keep_root() {
  const String root = pages_.arg("root");
  return root.length() == 0 || keep_roots(notes_, root.c_str());
}

}  // namespace camera
