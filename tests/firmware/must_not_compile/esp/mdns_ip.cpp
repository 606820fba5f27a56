// refused: has no member named 'IP'
#include <ESPmDNS.h>
IPAddress first() {
#ifdef RIGHT
  return MDNS.address(0);
#else
  return MDNS.IP(0);  // its name in 2.x
#endif
}
