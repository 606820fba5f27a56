#include "EspDiscovery.h"

#include <ESPmDNS.h>

namespace camera {

bool find_archive(Text& url) {
  if (!MDNS.begin("camera")) return false;
  const int found = MDNS.queryService("camera-archive", "tcp");
  if (found > 0) {
    // The name outlives the address, which the router may change tomorrow.
    const String name = MDNS.hostname(0);
    url.add("http://");
    if (name.length() > 0) {
      url.add({name.c_str(), name.length()}).add(".local");
    } else {
      const String address = MDNS.address(0).toString();
      url.add({address.c_str(), address.length()});
    }
    url.add(':').add_number(MDNS.port(0));
  }
  MDNS.end();
  return found > 0 && url.is_whole();
}

}  // namespace camera
