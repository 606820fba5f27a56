// Setting a camera up over a byte stream (USB serial), a line at a time, in the grammar of the contract:
//
//   wifi ssid="…", password="…"      server url="…", key="…"      camera id="…", board="…"      status      commit
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
  std::string_view machine;  // a unique name of the chip, such as the end of its MAC address
  bool is_online = false;
  std::uint64_t kept = 0;
  std::uint64_t spooled = 0;
  std::string_view last_result;  // of sending: `kept`, `no-echo`, …
};

class Setup {
 public:
  static constexpr std::size_t kMaxLine = 512;
  static constexpr std::size_t kMaxAnswer = 640;

  /// `is_board` says whether a board of that name is known; null: any is.
  Setup(Notes& notes, bool (*is_board)(std::string_view)) : notes_(notes), is_board_(is_board) {}

  /// At a start: goes on from what is set up.
  void begin() { staged_.read(notes_); }

  /// Takes the next byte. True when it ended a line: then `answer()` is to be sent, with a line end behind it.
  bool take(char letter, const SetupFacts& facts);
  std::string_view answer() const { return answer_.view(); }

  /// True once after each `commit` that became durable.
  bool was_committed();

  const Installation& staged() const { return staged_; }

 private:
  void answer_line(std::string_view line, const SetupFacts& facts);
  void set_wifi(const Fields& fields);
  void set_server(const Fields& fields);
  void set_camera(const Fields& fields);
  void tell(const SetupFacts& facts);
  void commit();
  void ok();
  void error(std::string_view why);

  Notes& notes_;
  bool (*is_board_)(std::string_view);
  Installation staged_;
  FixedText<kMaxLine> line_;
  FixedText<kMaxAnswer> answer_;
  bool has_uncommitted_ = false;
  bool was_committed_ = false;
};

}  // namespace camera
