// Setting a camera up over a byte stream (USB serial), a line at a time, in the grammar of the contract:
//
//   wifi ssid="…", password="…"      server url="…", key="…"      camera id="…", board="…"
//   root number=1, at=0, der=:…:     pins button1=0, motion=4     status      commit
//
// Each line is answered by one that begins with `ok` or `error`; everything else on the stream is log.
// Nothing is durable before `commit`. No answer ever holds a password or a key.
#pragma once

#include <cstddef>
#include <string_view>

#include "Fields.h"
#include "Installation.h"
#include "Notes.h"
#include "Text.h"

namespace camera {

/// What `status` tells beside the installation.
struct SetupFacts {
  std::string_view firmware;
  std::string_view sensor;
  std::string_view sensor_fault;  // empty: none
  std::string_view machine;  // a unique name of the chip, such as the end of its MAC address
  bool is_online = false;
  std::uint64_t kept = 0;
  std::uint64_t spooled = 0;
  std::string_view last_result;  // of sending: `kept`, `no-echo`, …
  bool is_joining = false;       // the archive has yet to let it in, or does no longer
  std::string_view key_end;      // of the key it shows, four letters to compare; empty: it has none yet
  std::string_view at;           // where it sends to, if that is not the address that was set up
};

/// What set-up asks of the boards that the firmware knows.
struct BoardTable {
  bool (*knows)(std::string_view board);
  bool (*needs)(std::string_view board, int pin);  // whether the board uses that GPIO itself
};

class Setup {
 public:
  static constexpr std::size_t kMaxLine = 512;
  static constexpr std::size_t kMaxAnswer = 1280;

  /// Without `boards` any board is known and needs no pin.
  Setup(Notes& notes, const BoardTable* boards) : notes_(notes), boards_(boards) {}

  /// At a start: goes on from what is set up. What was said before it and not committed is forgotten.
  void begin();

  /// Takes the next byte. True when it ended a line: then `answer()` is to be sent, with a line end behind it.
  bool take(char letter, const SetupFacts& facts);
  std::string_view answer() const { return answer_.view(); }

  /// True once after each `commit` that became durable.
  bool was_committed();

  /// Whether a commit changed what is read at a start alone: roots and pins.
  bool wants_restart() const { return wants_restart_; }

  const Installation& staged() const { return staged_; }

 private:
  void answer_line(std::string_view line, const SetupFacts& facts);
  void set_wifi(const Fields& fields);
  void set_server(const Fields& fields);
  void set_camera(const Fields& fields);
  void set_root(const Fields& fields);
  void set_pins(const Fields& fields);
  bool has_root() const;
  bool are_new_roots_whole() const;
  bool write_roots();
  void tell(const SetupFacts& facts);
  void commit();
  void ok();
  void error(std::string_view why);

  Notes& notes_;
  const BoardTable* boards_;
  Installation staged_;
  FixedText<96> pins_;
  FixedText<kMaxLine> line_;
  FixedText<kMaxAnswer> answer_;
  bool has_uncommitted_ = false;
  bool has_new_pins_ = false;
  std::size_t new_roots_ = 0;
  bool wants_restart_ = false;
  bool was_committed_ = false;
};

}  // namespace camera
