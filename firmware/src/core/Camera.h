// The whole camera, the same on the chip and on a desktop: it puts the parts together and is stepped by time.
//
//   triggers → taker → ring → (taking ends here, keeping begins) → spool → uplink → the archive
//
// The rules of this file:
// * Two steppers, which two tasks may call: `step_taking` never waits for anything but the sensor; what is slow (the
//   card, the network) is done in `step_keeping`. Between them lie the ring, a mailbox and a few counters, no lock.
// * A frame is forgotten when the archive has said `kept` and echoed its name: nowhere but in `finish`.
// * Before a number can be known outside, it is written down: as a file in the spool, or (where frames are sent from
//   the ring) as at risk. So a power cut loses pictures, never numbers.
// * The newest frame goes first, once; in the gaps the backlog drains, oldest first. One that fails again although others
//   get through holds up nobody: those behind it go first.
// * A camera that the archive has not let in keeps its frames and asks with reports, which weigh nothing.
// * Where no frame goes out that could tell it, a loss or a fault is told in a report; and who has been silent for ten
//   minutes reports too, for the archive's owner to see that it lives, and to hear what is wanted.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>

#include "Addresses.h"
#include "Boot.h"
#include "Health.h"
#include "Installation.h"
#include "Losses.h"
#include "Machine.h"
#include "Mailbox.h"
#include "Notes.h"
#include "Pins.h"
#include "Ports.h"
#include "Radio.h"
#include "Ring.h"
#include "SettingsTrial.h"
#include "Setup.h"
#include "Spool.h"
#include "Taker.h"
#include "Triggers.h"
#include "Uplink.h"
#include "WifiLadder.h"

namespace camera {

/// What the camera works with. All of it outlives it.
struct CameraPorts {
  FrameSource& source;  // taking
  Pins& pins;           // taking
  Digest* digest;       // taking; null: frames are sent without a digest
  Digest* spool_digest; // keeping: of frames read from the spool; null: those are sent without one
  Clock& clock;         // both
  Log& log;             // both
  Notes& notes;         // both
  Random& random;       // taking draws the boot from it before keeping begins to use it
  Transport& transport;
  Files& files;
  Radio& radio;
  Machine& machine;
  BootMemory& boot_memory;
};

/// The memory it works in, all of it taken before the start.
struct CameraMemory {
  Slot* slots;
  std::uint32_t slot_count;
  Room ring;
  Spooled* spooled;  // `spool_limits.max_frames` long
  Room frame;        // one frame read from the spool, at its largest
  Loss* losses;      // twice `loss_count`
  std::size_t loss_count;
};

struct CameraOptions {
  std::string_view firmware;
  const char* spool_folder = nullptr;  // null: nothing to spool on, and the ring is all there is
  Spool::Limits spool_limits;
  std::uint32_t machine_restarts_for_sensor = 0;  // in a row, as the note `sensor` says
  bool stores_first = true;  // on a card: spool, then send. In flash, which wears: send, and spool what does not go
};

class Camera {
 public:
  Camera(const CameraPorts& ports, const CameraMemory& memory, const CameraOptions& options);
  Camera(const Camera&) = delete;
  Camera& operator=(const Camera&) = delete;

  /// Before the first step: opens the spool, reads the notes, begins to join a network. Waits for no network.
  void begin();

  /// Takes what is due. Returns soon, or when the sensor has given or refused a frame.
  void step_taking();

  /// In its place where nothing is to be taken any more.
  void settle() { ring_.settle(); }

  /// Keeps and sends: one slow thing at most.
  void step_keeping();

  /// How long `step_keeping` has nothing to do, unless a frame is taken or the transport moves.
  std::uint32_t keeping_wait_ms() const;

  /// While true, `step_taking` should be called again at once.
  bool is_taking() const { return is_taking_.load(std::memory_order_relaxed); }

  /// Takes over a new installation, after a `commit`.
  void install();
  const Installation& installation() const { return installation_; }

  /// When deep sleep is wanted and nothing stands in its way: until when (`up`). From the task that keeps.
  std::optional<std::uint64_t> may_sleep_until() const;

  /// Just before it, while nobody takes: ends what is under way, and sees to it that sleep forgets nothing.
  void before_sleep();

  /// No network could be joined for ten minutes, since the start or since the last one was lost.
  bool is_cut_off() const;

  SetupFacts facts() const;
  std::uint64_t kept() const { return kept_; }
  bool is_drained() const;  // nothing waits: no frame, and no number to confess
  std::uint32_t waiting() const { return ring_.size(); }  // frames in the ring
  std::uint64_t taken() const { return taken_.load(std::memory_order_relaxed); }
  Uplink& uplink() { return uplink_; }
  const Spool& spool() const { return spool_; }
  const Losses& losses() const { return losses_; }

 private:
  enum class From : std::uint8_t { Ring, Spool };
  enum class Standing : std::uint8_t { Unknown, In, Out };  // with the archive: only who is in sends frames
  using Fault = FixedText<160>;  // of the sensor, in words for a person

  // Taking.
  bool begin_boot();
  void take_settings();
  void hand_over(Frame frame);
  void note_pending();
  void tell_fault();

  // Keeping, in the order of a step.
  void open_spool();
  void climb();
  void book();
  bool book_slot(Slot& slot);
  bool store(Slot& slot);
  bool may_touch_card() const;
  void send();
  bool has_news() const;
  bool is_report_due() const;
  bool choose();
  bool choose_from_backlog(std::size_t spooled);
  bool take_from_ring(Slot& slot);
  bool take_from_spool(const FrameName& name);
  Slot* newest_slot();
  bool may_send(const Slot& slot) const;
  void finish();
  void finish_frame(const Outcome& outcome);
  void finish_report(SendResult result);
  bool has_key();
  void note_standing(const Outcome& outcome);
  void heed_key(std::string_view field);
  void use_address();
  std::string_view network() const;
  void recall_address();
  void note_address();
  void pass_over(const FrameName& name, SendResult result);
  void forget();
  void refuse();
  void refused_in_vain();
  void let_go();
  void card_worked(bool did);
  void publish_settings();
  void write_status(Text& out) const;
  void log_frame(LogLevel level, std::string_view word, const FrameName& name, std::string_view more);

  CameraPorts ports_;
  CameraOptions options_;
  Boot boot_;
  Ring ring_;
  Losses losses_;
  Spool spool_;

  // Taking's own.
  Triggers triggers_;
  Taker taker_;
  Trigger trigger_;
  bool has_begun_ = false;
  std::uint32_t restarts_for_sensor_ = 0;  // as the note says
  Fault fault_;

  // Between the two.
  Mailbox<Settings> to_taking_;
  Mailbox<Fault> to_keeping_;
  std::atomic<bool> is_booted_{false};
  std::atomic<bool> is_taking_{false};
  std::atomic<bool> wants_restart_{false};
  std::atomic<std::uint32_t> taken_{0};
  std::atomic<std::uint32_t> discarded_{0};
  std::atomic<std::uint32_t> skipped_{0};
  std::atomic<std::uint32_t> quality_{0};
  std::atomic<std::uint32_t> next_trigger_s_{0};  // `up`; coarse, for sleep only

  // Keeping's own.
  Uplink uplink_;
  WifiLadder ladder_;
  SettingsTrial trial_;
  Installation installation_;
  Addresses addresses_;
  Standing standing_ = Standing::Unknown;
  IpAddress noted_address_;
  bool has_settings_to_publish_ = true;
  bool was_up_ = false;
  std::uint64_t up_ms_ = 0;  // when a network was there last
  bool is_live_ = true;  // the last frame sent was kept
  Frame sending_;
  From sending_from_ = From::Ring;
  bool is_live_try_ = false;
  std::optional<FrameName> live_tried_;   // the newest that had its first try
  std::optional<FrameName> passed_over_;  // of the backlog: those behind it go first
  std::optional<FrameName> failed_;       // of the backlog: the oldest that failed when it was sent last
  std::uint64_t failed_kept_ = 0;         // and how many frames had been kept by then
  bool is_probing_ = false;               // whether the one behind it does better, once
  bool is_reporting_ = false;
  std::uint64_t reports_ = 0;   // of this boot
  std::uint64_t told_ms_ = 0;   // when the archive last kept what we sent
  std::uint64_t hush_ms_ = 0;   // until then no report: the archive refused one
  bool was_reported_ = false;   // a report was told and there was more, which may follow at once
  Fault known_fault_, sent_fault_, told_fault_;
  std::optional<Loss> confessing_;
  FixedText<kMaxStatus> status_;
  FixedText<kMaxLost> lost_;
  FixedText<kMaxNextKey> next_key_;  // as the next report says it; empty: nobody has asked for another
  std::uint64_t card_failures_ = 0;  // in a row
  std::uint64_t card_retry_ms_ = 0;
  std::uint64_t read_retry_ms_ = 0;
  std::uint64_t send_retry_ms_ = 0;  // a refused frame could not be written down
  bool has_card_trouble_ = false;
  bool was_opened_ = false;
  std::uint64_t kept_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t failed_sends_ = 0;
  std::uint64_t failed_in_a_row_ = 0;
  std::uint64_t begun_ms_ = 0;
  std::uint64_t restart_asked_ms_ = 0;
  std::string_view last_result_;
};

}  // namespace camera
