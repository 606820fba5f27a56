// One value from one task to another, without a lock: put when it is empty, taken when it is full.
#pragma once

#include <atomic>
#include <utility>

namespace camera {

template <typename Value>
class Mailbox {
 public:
  /// False: what lies in it was not taken yet; try again later.
  bool put(const Value& value) {
    if (is_full_.load(std::memory_order_acquire)) return false;
    value_ = value;
    is_full_.store(true, std::memory_order_release);
    return true;
  }

  /// False: there is nothing.
  bool take(Value& value) {
    if (!is_full_.load(std::memory_order_acquire)) return false;
    value = value_;
    is_full_.store(false, std::memory_order_release);
    return true;
  }

 private:
  Value value_;
  std::atomic<bool> is_full_{false};
};

}  // namespace camera
