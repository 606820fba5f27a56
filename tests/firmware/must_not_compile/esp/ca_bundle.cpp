// refused: no matching function for call to 'NetworkClientSecure::setCACertBundle
#include <NetworkClientSecure.h>
void trust(NetworkClientSecure& client, const uint8_t* bundle, size_t size) {
#ifdef RIGHT
  client.setCACertBundle(bundle, size);
#else
  client.setCACertBundle(bundle);
  (void)size;
#endif
}
