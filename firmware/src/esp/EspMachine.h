// The board as a whole: why it started, how it fares, the watchdog, deep sleep.
#pragma once

#include "../core/Machine.h"
#include "../core/Ports.h"

namespace camera {

class EspMachine final : public Machine {
 public:
  explicit EspMachine(Log& log) : log_(log) {}

  // Once, early: counts this start.
  void begin();

  // Whether this start is the work of a weak supply.
  bool was_brownout() const;

  Vitals vitals() override;
  void restart(std::string_view why) override;

  // From now on the calling task restarts the board if it does not `report` for half a minute: longer than any call it
  // makes may take, of which the longest is the driver's 4 s for a frame.
  static void watch_this_task();
  static void report();

 private:
  Log& log_;
};

}  // namespace camera
