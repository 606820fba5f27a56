// A Wi-Fi network of the camera's own with one page on it, to set the camera up from a phone. What the page is given
// goes through the same lines as set-up over USB, and no page ever shows a password or a key.
//
// The network is open, so it is there only while the camera is not set up, after somebody has held its button, or while no
// network can be joined. Then it asks for a network and for nothing else: whoever jams Wi-Fi shall not send frames and key
// to an archive of his own.
#pragma once

#include <DNSServer.h>
#include <WebServer.h>

#include "../core/Setup.h"

namespace camera {

class EspPortal {
 public:
  EspPortal(Setup& setup, Notes& notes) : setup_(setup), notes_(notes) {}

  // Opens the network `name`, which is also the name of a camera that is given none. It must stay where it is.
  void open(const char* name, bool asks_for_wifi_alone = false);
  void close();
  bool is_open() const { return is_open_; }
  bool has_visitor() const;

  // Serves one visitor. Call it often.
  void step();

 private:
  void raise();
  void show(int status, std::string_view message);
  void save();
  bool tell(std::string_view line, bool is_whole = true);
  bool tell_wifi();
  bool tell_server();
  bool tell_camera();
  bool keep_root();

  Setup& setup_;
  Notes& notes_;
  DNSServer names_;
  WebServer pages_{80};
  const char* name_ = "";
  bool is_open_ = false;
  bool asks_for_wifi_alone_ = false;
  bool is_too_long_ = false;  // what was typed: more than a line can carry
};

}  // namespace camera
