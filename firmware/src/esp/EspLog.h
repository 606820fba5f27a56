// Lines for a person on the USB serial port, whole whichever task writes them, and never waiting for a reader.
#pragma once

#include <freertos/FreeRTOS.h>
#include <freertos/semphr.h>

#include "../core/Ports.h"

namespace camera {

class EspLog : public Log {
 public:
  // Opens the port. A line written before is dropped.
  void begin();

  void line(LogLevel level, std::string_view text) override;

 private:
  StaticSemaphore_t memory_{};
  SemaphoreHandle_t one_at_a_time_ = nullptr;
};

}  // namespace camera
