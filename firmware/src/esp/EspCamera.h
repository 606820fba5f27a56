// The camera on its board: makes the parts, starts them in the order it wants, and steps the core in two tasks.
//
//   taking   a task of its own, never behind the network        keeping   the loop of the sketch
#pragma once

#include <atomic>
#include <optional>

#include "../core/Camera.h"
#include "../port/PosixFiles.h"
#include "../port/SocketTransport.h"
#include "EspClock.h"
#include "EspDigest.h"
#include "EspFrameSource.h"
#include "EspLog.h"
#include "EspMachine.h"
#include "EspNotes.h"
#include "EspPins.h"
#include "EspRadio.h"
#include "EspRandom.h"
#include "EspSetUp.h"
#include "EspStorage.h"
#include "EspTls.h"

namespace camera {

class EspCamera {
 public:
  // Starts what there is to start, and waits for no network. A board that is not set up starts its set-up instead.
  void begin();

  // Keeps, sends, listens on USB. Returns within 20 ms, or when the network has said something.
  void step();

 private:
  void begin_set_up(bool wants_portal);
  void begin_camera(const Board& board);
  CameraMemory take_memory(const Mounted& spool, std::uint32_t spooled);
  std::uint32_t restarts_for_sensor();
  void listen();
  void watch_button();
  void sleep_if_due();
  [[noreturn]] static void take(void* self);

  EspLog log_;
  EspClock clock_;
  EspMachine machine_{log_};
  EspNotes notes_;
  EspRandom random_;
  EspDigest digest_;
  EspPins pins_;
  EspRadio radio_{machine_.was_brownout()};
  SocketTransport tcp_;
  EspTls transport_{tcp_, log_};
  PosixFiles files_;
  Setup setup_{notes_, &kBoardTable};
  std::optional<EspSetUp> set_up_;
  std::optional<EspFrameSource> source_;
  std::optional<Camera> camera_;
  const Board* board_ = nullptr;
  EspMutex taking_;  // held while a frame is taken
  char name_[16] = "";
  bool is_proven_ = false;        // this image has sent a frame that was kept
  std::uint64_t heard_ms_ = 0;    // when somebody last wrote on USB
  std::uint64_t pressed_ms_ = 0;  // since when the button is down; 0: it is not
};

}  // namespace camera
