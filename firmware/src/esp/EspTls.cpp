#include "EspTls.h"

#include <mbedtls/net_sockets.h>
#include <mbedtls/version.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace camera {
namespace {

// A record is encrypted and sent as a whole, so this is the most that is done between two looks for an early answer.
constexpr size_t kRecordBytes = 4096;
constexpr size_t kMaxHost = 253;

bool wants_more(int error) { return error == MBEDTLS_ERR_SSL_WANT_READ || error == MBEDTLS_ERR_SSL_WANT_WRITE; }

}  // namespace

EspTls::EspTls(Transport& tcp, Log& log) : tcp_(tcp), log_(log) {
  mbedtls_entropy_init(&entropy_);
  mbedtls_ctr_drbg_init(&random_);
  mbedtls_x509_crt_init(&roots_);
  mbedtls_ssl_config_init(&config_);
  mbedtls_ssl_init(&session_);
}

EspTls::~EspTls() {
  close();
  mbedtls_ssl_free(&session_);
  mbedtls_ssl_config_free(&config_);
  mbedtls_x509_crt_free(&roots_);
  mbedtls_ctr_drbg_free(&random_);
  mbedtls_entropy_free(&entropy_);
}

bool EspTls::add_root(Bytes certificate) {
  const int error = mbedtls_x509_crt_parse(&roots_, certificate.data, certificate.size);
  if (error != 0) {
    complain("reading the root certificate", error);
    return false;
  }
  return is_set_up_ || set_up();
}

bool EspTls::set_up() {
  int error = mbedtls_ctr_drbg_seed(&random_, mbedtls_entropy_func, &entropy_, nullptr, 0);
  if (error == 0) {
    error = mbedtls_ssl_config_defaults(&config_, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                        MBEDTLS_SSL_PRESET_DEFAULT);
  }
  if (error == 0) {
    mbedtls_ssl_conf_authmode(&config_, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_ca_chain(&config_, &roots_, nullptr);
    mbedtls_ssl_conf_rng(&config_, mbedtls_ctr_drbg_random, &random_);
#if MBEDTLS_VERSION_NUMBER >= 0x03020000
    // 1.3 wants more memory and another start-up, and every server of ours speaks 1.2.
    mbedtls_ssl_conf_max_tls_version(&config_, MBEDTLS_SSL_VERSION_TLS1_2);
#endif
    error = mbedtls_ssl_setup(&session_, &config_);
  }
  if (error != 0) {
    complain("setting up", error);
    return false;
  }
  mbedtls_ssl_set_bio(&session_, this, push, pull, nullptr);
  is_set_up_ = true;
  return true;
}

Progress EspTls::resolve(std::string_view host, IpAddress& address) { return tcp_.resolve(host, address); }

Progress EspTls::connect(const Peer& peer) {
  is_plain_ = !peer.is_tls;
  if (is_plain_) return tcp_.connect(peer);
  if (!is_set_up_) {
    log_.line(LogLevel::Error, "TLS: no root certificate is set, so no server can be trusted");
    return Progress::Failed;
  }
  if (state_ == State::Closed) state_ = State::Connecting;
  if (state_ == State::Connecting) {
    Peer plain = peer;
    plain.is_tls = false;
    const Progress reached = tcp_.connect(plain);
    if (reached == Progress::Pending) return reached;
    if (reached != Progress::Done || !greet(peer.host)) {
      close();
      return Progress::Failed;
    }
    state_ = State::Handshaking;
  }
  if (state_ == State::Handshaking) {
    const int error = mbedtls_ssl_handshake(&session_);
    if (wants_more(error)) return Progress::Pending;
    if (error != 0) {
      complain("handshake", error);
      close();
      return Progress::Failed;
    }
    state_ = State::Open;
  }
  return Progress::Done;
}

Io EspTls::send(Bytes bytes, bool has_more) {
  if (is_plain_) return tcp_.send(bytes, has_more);
  if (state_ != State::Open) return {};
  const size_t size_bytes = pending_bytes_ != 0 ? pending_bytes_ : std::min(bytes.size, kRecordBytes);
  if (size_bytes > bytes.size) return {};
  const int sent = mbedtls_ssl_write(&session_, bytes.data, size_bytes);
  if (wants_more(sent)) {
    pending_bytes_ = size_bytes;
    return {Progress::Pending, 0};
  }
  pending_bytes_ = 0;
  if (sent <= 0) return {};
  return {Progress::Done, static_cast<size_t>(sent)};
}

Io EspTls::receive(Room room) {
  if (is_plain_) return tcp_.receive(room);
  if (state_ != State::Open) return {};
  const int received = mbedtls_ssl_read(&session_, room.data, room.size);
  if (received > 0) return {Progress::Done, static_cast<size_t>(received)};
  if (wants_more(received)) return {Progress::Pending, 0};
  const bool has_ended =
      received == 0 || received == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY || received == MBEDTLS_ERR_SSL_CONN_EOF;
  return {has_ended ? Progress::Closed : Progress::Failed, 0};
}

void EspTls::close() {
  if (state_ == State::Open) mbedtls_ssl_close_notify(&session_);  // one try: the peer may be gone
  state_ = State::Closed;
  pending_bytes_ = 0;
  tcp_.close();
}

void EspTls::wait(uint32_t at_most_ms) {
  const bool has_bytes = state_ == State::Open && mbedtls_ssl_check_pending(&session_) != 0;
  if (!has_bytes) tcp_.wait(at_most_ms);
}

int EspTls::push(void* self, const unsigned char* bytes, size_t size_bytes) {
  const Io io = static_cast<EspTls*>(self)->tcp_.send({bytes, size_bytes}, false);
  if (io.progress == Progress::Done) return static_cast<int>(io.size);
  return io.progress == Progress::Pending ? MBEDTLS_ERR_SSL_WANT_WRITE : MBEDTLS_ERR_NET_SEND_FAILED;
}

int EspTls::pull(void* self, unsigned char* bytes, size_t size_bytes) {
  const Io io = static_cast<EspTls*>(self)->tcp_.receive({bytes, size_bytes});
  switch (io.progress) {
    case Progress::Done:
      return static_cast<int>(io.size);
    case Progress::Pending:
      return MBEDTLS_ERR_SSL_WANT_READ;
    case Progress::Closed:
      return 0;
    case Progress::Failed:
      break;
  }
  return MBEDTLS_ERR_NET_RECV_FAILED;
}

// A fresh session with a server that must prove to be `host`.
bool EspTls::greet(std::string_view host) {
  char name[kMaxHost + 1];
  if (host.empty() || host.size() > kMaxHost) return false;
  std::memcpy(name, host.data(), host.size());
  name[host.size()] = '\0';
  int error = mbedtls_ssl_session_reset(&session_);
  if (error == 0) error = mbedtls_ssl_set_hostname(&session_, name);
  if (error != 0) complain("starting", error);
  return error == 0;
}

void EspTls::complain(const char* step, int error) {
  char line[160];
  int length = 0;
  const uint32_t faults = error == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED ? mbedtls_ssl_get_verify_result(&session_) : 0;
  if ((faults & MBEDTLS_X509_BADCERT_CN_MISMATCH) != 0) {
    length = std::snprintf(line, sizeof(line), "TLS, %s: the certificate is for another host name", step);
  } else if ((faults & MBEDTLS_X509_BADCERT_NOT_TRUSTED) != 0) {
    length = std::snprintf(line, sizeof(line), "TLS, %s: the certificate does not lead to a root that was set", step);
  } else {
    length = std::snprintf(line, sizeof(line), "TLS, %s: mbedTLS error -0x%04X, faults 0x%lX", step,
                           static_cast<unsigned>(-error), static_cast<unsigned long>(faults));
  }
  log_.line(LogLevel::Error, {line, std::min(static_cast<size_t>(length), sizeof(line) - 1)});
}

}  // namespace camera
