// Lines for a person, and answers for a program, on the USB serial port: whole whichever task writes them, and never
// waiting for a reader.
#pragma once

#include "../core/Ports.h"
#include "EspMutex.h"

namespace camera {

class EspLog final : public Log {
 public:
  // Opens the port. Before that, lines go nowhere.
  void begin();

  void line(LogLevel level, std::string_view text) override;

  // A line that is no log.
  void answer(std::string_view text);

 private:
  void write(std::string_view head, std::string_view text);

  EspMutex one_at_a_time_;
};

}  // namespace camera
