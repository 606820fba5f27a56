// TLS over any transport, by the mbedTLS that the core links: for https; http passes through.
//
// Why not NetworkClientSecure: its connect() and write() wait, and a failed write throws away the answer that had come.
// Only roots that were set are trusted; without one, https fails. The chip's library does not check dates.
#pragma once

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

#include "../core/Ports.h"

namespace camera {

class EspTls final : public Transport {
 public:
  EspTls(Transport& tcp, Log& log);
  ~EspTls();
  EspTls(const EspTls&) = delete;
  EspTls& operator=(const EspTls&) = delete;

  // Trusts this root certificate, DER or PEM (with its closing NUL), besides those given before. False: unreadable.
  // Before the first connect. The first one allocates about 40 KB, here and never again.
  bool add_root(Bytes certificate);

  Progress resolve(std::string_view host, IpAddress& address) override;
  Progress connect(const Peer& peer) override;
  Io send(Bytes bytes, bool has_more) override;
  Io receive(Room room) override;
  void close() override;
  void wait(uint32_t at_most_ms) override;

 private:
  enum class State : uint8_t { Closed, Connecting, Handshaking, Open };

  static int push(void* self, const unsigned char* bytes, size_t size_bytes);
  static int pull(void* self, unsigned char* bytes, size_t size_bytes);
  bool set_up();
  bool greet(std::string_view host);
  void complain(const char* step, int error);

  Transport& tcp_;
  Log& log_;
  mbedtls_entropy_context entropy_;
  mbedtls_ctr_drbg_context random_;
  mbedtls_x509_crt roots_;
  mbedtls_ssl_config config_;
  mbedtls_ssl_context session_;
  State state_ = State::Closed;
  bool is_set_up_ = false;
  bool is_plain_ = false;
  size_t pending_bytes_ = 0;  // of the record that is half sent: mbedTLS wants the same call again
};

}  // namespace camera
