// Names to addresses on a thread of its own, because getaddrinfo() has no deadline and everything here has one.
#pragma once

#include <pthread.h>

#include <cstddef>
#include <string_view>

#include "../core/Ports.h"

namespace camera {

class Resolver {
 public:
  /// Starts the thread; without it (no memory) every name is unknown, but numbers still work.
  Resolver();
  /// Waits for a question that is under way.
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// As Transport::resolve(). While another name is under way this one waits behind it.
  Progress resolve(std::string_view host, IpAddress& address);

 private:
  enum class State { Idle, Asked, Working, Answered };
  static constexpr std::size_t kMaxHost = 253;
  static constexpr std::size_t kStackBytes = 6 * 1024;  // lwIP does its work on a thread of its own

  static void* run(void* self);
  void work();

  pthread_t thread_{};
  pthread_mutex_t mutex_;
  pthread_cond_t changed_;
  bool is_running_ = false;
  bool is_ending_ = false;
  State state_ = State::Idle;
  char host_[kMaxHost + 1] = "";
  bool is_found_ = false;
  IpAddress found_;
};

}  // namespace camera
