#include "SocketTransport.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstring>

namespace camera {
namespace {

constexpr std::uint32_t kNameSliceMs = 20;  // how late an answer of the resolver's thread may be noticed

bool is_just_not_now() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

timeval as_timeval(std::uint32_t ms) {
  timeval value;
  value.tv_sec = static_cast<decltype(value.tv_sec)>(ms / 1000);
  value.tv_usec = static_cast<decltype(value.tv_usec)>(ms % 1000 * 1000);
  return value;
}

// The macros of <sys/select.h> are written with casts and signs of their own.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wsign-conversion"
/// Waits until the socket can be read from or written to; whether it can be written to.
bool select_one(int socket, bool to_read, bool to_write, std::uint32_t at_most_ms) {
  fd_set readable;
  fd_set writable;
  FD_ZERO(&readable);
  FD_ZERO(&writable);
  if (to_read) FD_SET(socket, &readable);
  if (to_write) FD_SET(socket, &writable);
  timeval patience = as_timeval(at_most_ms);
  return select(socket + 1, &readable, &writable, nullptr, &patience) > 0 && FD_ISSET(socket, &writable);
}
#pragma GCC diagnostic pop

}  // namespace

Progress SocketTransport::resolve(std::string_view host, IpAddress& address) {
  const Progress progress = resolver_.resolve(host, address);
  is_resolving_ = progress == Progress::Pending;
  return progress;
}

Progress SocketTransport::connect(const Peer& peer) {
  if (is_connected_) return Progress::Done;
  if (peer.is_tls) return Progress::Failed;
  if (socket_ < 0) {
    if (!open(peer)) {
      close();
      return Progress::Failed;
    }
    if (is_connected_) return Progress::Done;
  }
  if (!select_one(socket_, false, true, 0)) {
    wants_to_send_ = true;
    return Progress::Pending;
  }
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
    close();
    return Progress::Failed;
  }
  is_connected_ = true;
  wants_to_send_ = false;
  return Progress::Done;
}

bool SocketTransport::open(const Peer& peer) {
  sockaddr_storage address;
  std::memset(&address, 0, sizeof address);
  socklen_t size;
  if (peer.address.size == 4) {
    sockaddr_in ipv4;
    std::memset(&ipv4, 0, sizeof ipv4);
    ipv4.sin_family = AF_INET;
    ipv4.sin_port = htons(peer.port);
    std::memcpy(&ipv4.sin_addr, peer.address.bytes.data(), 4);
    std::memcpy(&address, &ipv4, sizeof ipv4);
    size = sizeof ipv4;
  } else if (peer.address.size == 16) {
    sockaddr_in6 ipv6;
    std::memset(&ipv6, 0, sizeof ipv6);
    ipv6.sin6_family = AF_INET6;
    ipv6.sin6_port = htons(peer.port);
    ipv6.sin6_scope_id = peer.address.scope;
    std::memcpy(&ipv6.sin6_addr, peer.address.bytes.data(), 16);
    std::memcpy(&address, &ipv6, sizeof ipv6);
    size = sizeof ipv6;
  } else {
    return false;
  }
  socket_ = socket(address.ss_family, SOCK_STREAM, 0);
  if (socket_ < 0 || socket_ >= FD_SETSIZE) return false;
  const int flags = fcntl(socket_, F_GETFL, 0);
  if (flags < 0 || fcntl(socket_, F_SETFL, flags | O_NONBLOCK) != 0) return false;
  // The end of a frame must not wait for the receipt of what came before it.
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), size) == 0) {
    is_connected_ = true;
    return true;
  }
  return errno == EINPROGRESS || errno == EINTR;
}

Io SocketTransport::send(Bytes bytes, bool has_more) {
  wants_to_send_ = false;
  if (!is_connected_) return {Progress::Failed, 0};
  const auto sent = ::send(socket_, bytes.data, bytes.size, has_more ? MSG_NOSIGNAL | MSG_MORE : MSG_NOSIGNAL);
  if (sent > 0) return {Progress::Done, static_cast<std::size_t>(sent)};
  if (sent < 0 && !is_just_not_now()) return {Progress::Failed, 0};  // the socket stays: something may still be read
  wants_to_send_ = true;
  return {Progress::Pending, 0};
}

Io SocketTransport::receive(Room room) {
  wants_to_receive_ = false;
  if (!is_connected_) return {Progress::Failed, 0};
  const auto received = ::recv(socket_, room.data, room.size, 0);
  if (received > 0) return {Progress::Done, static_cast<std::size_t>(received)};
  if (received == 0) return {Progress::Closed, 0};
  if (!is_just_not_now()) return {Progress::Failed, 0};
  wants_to_receive_ = true;
  return {Progress::Pending, 0};
}

void SocketTransport::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  is_connected_ = false;
  is_resolving_ = false;
  wants_to_receive_ = false;
  wants_to_send_ = false;
}

void SocketTransport::wait(std::uint32_t at_most_ms) {
  if (at_most_ms == 0) return;
  if (is_resolving_ && at_most_ms > kNameSliceMs) at_most_ms = kNameSliceMs;
  if (socket_ >= 0 && (wants_to_receive_ || wants_to_send_)) {
    select_one(socket_, wants_to_receive_, wants_to_send_, at_most_ms);
  } else {
    timeval patience = as_timeval(at_most_ms);
    select(0, nullptr, nullptr, nullptr, &patience);
  }
}

}  // namespace camera
