// The rest of a board, as far as a desktop has it: radio, pins, vitals, randomness, a log on standard output.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "../src/core/Machine.h"
#include "../src/core/Pins.h"
#include "../src/core/Ports.h"
#include "../src/core/Radio.h"
#include "Terminal.h"

namespace camera {

class TwinRadio final : public Radio {
 public:
  void join(std::string_view, std::string_view) override {}
  void set_power(bool) override {}
  bool is_up() override { return true; }
  std::optional<int> rssi() override { return std::nullopt; }
};

/// Pins that are pulled for a moment.
class TwinPins final : public Pins {
 public:
  void pull(unsigned pin) { pulled_.fetch_or(1U << pin); }
  std::uint32_t levels() override { return pulled_.exchange(0); }

 private:
  std::atomic<std::uint32_t> pulled_{0};
};

class TwinMachine final : public Machine {
 public:
  explicit TwinMachine(std::string_view reset) : reset_(reset) {}

  Vitals vitals() override {
    Vitals vitals;
    vitals.reset = reset_;
    return vitals;
  }
  void restart(std::string_view) override { wants_restart_ = true; }
  bool wants_restart() const { return wants_restart_; }

 private:
  std::string_view reset_;
  bool wants_restart_ = false;
};

/// The kernel's randomness.
class TwinRandom final : public Random {
 public:
  std::uint32_t next_u32() override;
};

/// A letter for the level and the line, to standard output and to the serial port.
class TwinLog final : public Log {
 public:
  TwinLog(LogLevel least, Terminal& terminal) : least_(least), terminal_(terminal) {}
  void line(LogLevel level, std::string_view text) override;

 private:
  LogLevel least_;
  Terminal& terminal_;
};

}  // namespace camera
