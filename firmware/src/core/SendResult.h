// What became of one attempt to send one frame, named for what the camera does next.
#pragma once

#include <cstdint>

namespace camera {

class SendResult {
 public:
  enum Code : std::uint8_t {
    Kept,         // the archive echoed this frame's name with `kept`: forget the frame
    Refused,      // it echoed the name with `refused`: sending it again cannot help
    Again,        // it echoed the name with `again`: hold the frame and come back
    NoEcho,       // something answered, but not to this frame: portal, proxy, another archive's word, rubbish
    Unreachable,  // no name, no connection, or one that broke before an answer
    Timeout,      // the deadline of the request passed
  };

  constexpr SendResult(Code code) : code_(code) {}  // NOLINT: a code is a result

  constexpr operator Code() const { return code_; }  // NOLINT: for switch and ==

  /// Whether the frame must be held and sent again. Only `Kept` lets it be forgotten.
  constexpr bool worth_retrying() const { return code_ != Kept && code_ != Refused; }

  /// Whether the archive itself has spoken, so that the way to it works.
  constexpr bool is_the_archives_word() const { return code_ == Kept || code_ == Refused || code_ == Again; }

  /// In the words of the contract, for logs.
  constexpr const char* c_str() const {
    switch (code_) {
      case Kept:
        return "kept";
      case Refused:
        return "refused";
      case Again:
        return "again";
      case NoEcho:
        return "no-echo";
      case Unreachable:
        return "unreachable";
      case Timeout:
        return "timeout";
    }
    return "?";
  }

 private:
  Code code_;
};

}  // namespace camera
