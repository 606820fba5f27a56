// The transport over BSD sockets, in the clear: the same source on a desktop and on the chip's lwIP.
#pragma once

#include <cstdint>

#include "../core/Ports.h"
#include "Resolver.h"

namespace camera {

class SocketTransport final : public Transport {
 public:
  SocketTransport() = default;
  ~SocketTransport() { SocketTransport::close(); }
  SocketTransport(const SocketTransport&) = delete;
  SocketTransport& operator=(const SocketTransport&) = delete;

  Progress resolve(std::string_view host, IpAddress& address) override;
  /// Failed for a peer with TLS: that is another transport's business.
  Progress connect(const Peer& peer) override;
  Io send(Bytes bytes, bool has_more) override;
  Io receive(Room room) override;
  void close() override;
  void wait(std::uint32_t at_most_ms) override;

 private:
  bool open(const Peer& peer);

  Resolver resolver_;
  int socket_ = -1;
  bool is_connected_ = false;
  // What a call could not do at once, and so what wait() waits for.
  bool is_resolving_ = false;
  bool wants_to_receive_ = false;
  bool wants_to_send_ = false;
};

}  // namespace camera
