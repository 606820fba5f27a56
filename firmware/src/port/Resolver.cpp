#include "Resolver.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace camera {
namespace {

bool look_up(const char* host, int family, int flags, IpAddress& address) {
  addrinfo hints;
  std::memset(&hints, 0, sizeof hints);
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  if (getaddrinfo(host, nullptr, &hints, &found) != 0 || found == nullptr) return false;
  address = IpAddress();
  if (family == AF_INET) {
    sockaddr_in socket_address;
    std::memcpy(&socket_address, found->ai_addr, sizeof socket_address);
    std::memcpy(address.bytes.data(), &socket_address.sin_addr, 4);
    address.size = 4;
  } else {
    sockaddr_in6 socket_address;
    std::memcpy(&socket_address, found->ai_addr, sizeof socket_address);
    std::memcpy(address.bytes.data(), &socket_address.sin6_addr, 16);
    address.size = 16;
    address.scope = socket_address.sin6_scope_id;
  }
  freeaddrinfo(found);
  return true;
}

// IPv4 first: a home's names often have an IPv6 address that nothing listens on.
bool look_up(const char* host, int flags, IpAddress& address) {
  return look_up(host, AF_INET, flags, address) || look_up(host, AF_INET6, flags, address);
}

}  // namespace

Resolver::Resolver() {
  pthread_mutex_init(&mutex_, nullptr);
  pthread_cond_init(&changed_, nullptr);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  // A desktop wants more than that and takes its own default; the chip's default is too small.
  pthread_attr_setstacksize(&attributes, kStackBytes);
  is_running_ = pthread_create(&thread_, &attributes, &Resolver::run, this) == 0;
  pthread_attr_destroy(&attributes);
}

Resolver::~Resolver() {
  pthread_mutex_lock(&mutex_);
  is_ending_ = true;
  pthread_cond_signal(&changed_);
  pthread_mutex_unlock(&mutex_);
  if (is_running_) pthread_join(thread_, nullptr);
  pthread_cond_destroy(&changed_);
  pthread_mutex_destroy(&mutex_);
}

Progress Resolver::resolve(std::string_view host, IpAddress& address) {
  if (host.empty() || host.size() > kMaxHost) return Progress::Failed;
  char name[kMaxHost + 1];
  std::memcpy(name, host.data(), host.size());
  name[host.size()] = '\0';
  if (look_up(name, AI_NUMERICHOST, address)) return Progress::Done;
  if (!is_running_) return Progress::Failed;

  Progress progress = Progress::Pending;
  pthread_mutex_lock(&mutex_);
  const bool is_same = std::strcmp(host_, name) == 0;
  if (state_ == State::Answered && is_same) {
    state_ = State::Idle;
    progress = is_found_ ? Progress::Done : Progress::Failed;
    if (is_found_) address = found_;
  } else if (state_ == State::Idle || (state_ != State::Working && !is_same)) {
    std::memcpy(host_, name, host.size() + 1);
    state_ = State::Asked;
    pthread_cond_signal(&changed_);
  }
  pthread_mutex_unlock(&mutex_);
  return progress;
}

void* Resolver::run(void* self) {
  static_cast<Resolver*>(self)->work();
  return nullptr;
}

void Resolver::work() {
  pthread_mutex_lock(&mutex_);
  while (!is_ending_) {
    if (state_ != State::Asked) {
      pthread_cond_wait(&changed_, &mutex_);
      continue;
    }
    state_ = State::Working;
    char name[kMaxHost + 1];
    std::memcpy(name, host_, sizeof name);
    pthread_mutex_unlock(&mutex_);
    IpAddress found;
    const bool is_found = look_up(name, 0, found);
    pthread_mutex_lock(&mutex_);
    found_ = found;
    is_found_ = is_found;
    state_ = State::Answered;
  }
  pthread_mutex_unlock(&mutex_);
}

}  // namespace camera
