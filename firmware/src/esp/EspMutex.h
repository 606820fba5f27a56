// A lock between the two tasks that needs no memory but its own.
#pragma once

#include <freertos/FreeRTOS.h>
#include <freertos/semphr.h>

namespace camera {

class EspMutex {
 public:
  EspMutex() : handle_(xSemaphoreCreateMutexStatic(&memory_)) {}
  EspMutex(const EspMutex&) = delete;
  EspMutex& operator=(const EspMutex&) = delete;

  // Held while this lives.
  class Hold {
   public:
    explicit Hold(EspMutex& mutex) : mutex_(mutex) { xSemaphoreTake(mutex_.handle_, portMAX_DELAY); }
    ~Hold() { xSemaphoreGive(mutex_.handle_); }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

   private:
    EspMutex& mutex_;
  };

 private:
  StaticSemaphore_t memory_{};
  SemaphoreHandle_t handle_;
};

}  // namespace camera
