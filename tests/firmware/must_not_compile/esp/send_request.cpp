// refused: no matching function for call to 'HTTPClient::sendRequest
#include <HTTPClient.h>
int post(HTTPClient& client, uint8_t* frame, size_t size) {
#ifdef RIGHT
  return client.sendRequest("POST", frame, size);
#else
  return client.sendRequest("POST", frame, size, 5000);  // there is no time limit to give
#endif
}
