#include "Options.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "../src/core/Fields.h"

namespace camera {
namespace {

bool read_number(const std::string& text, std::uint64_t* number) {
  if (text.empty() || text.size() > 15 || text.find_first_not_of("0123456789") != std::string::npos) return false;
  *number = std::strtoull(text.c_str(), nullptr, 10);
  return true;
}

/// One of the camera's own faults. False: it is none of these, so perhaps one of the wire's.
bool read_fault(Options& options, const Fields::Member& fault) {
  const auto number = static_cast<std::uint64_t>(fault.number);
  if (fault.key == "power_cut_in_spool") {
    options.power_cut_in_spool = number;
  } else if (fault.key == "full_spool") {
    options.spool_frames = fault.kind == Fields::Kind::Integer ? static_cast<std::uint32_t>(number) : 8;
  } else if (fault.key == "clock_1970") {
    options.is_clock_unset = true;
  } else if (fault.key == "sensor_dead") {
    options.sensor.dead_after = fault.kind == Fields::Kind::Integer ? number : 1;
  } else if (fault.key == "sensor_revived") {
    options.sensor.revived_after = number;
  } else if (fault.key == "sensor_broken") {
    options.sensor.broken_every = fault.kind == Fields::Kind::Integer ? number : 3;
  } else if (fault.key == "sensor_rubbish") {
    options.sensor.rubbish_every = fault.kind == Fields::Kind::Integer ? number : 3;
  } else if (fault.key == "sensor_stale") {
    options.sensor.stale_every = fault.kind == Fields::Kind::Integer ? number : 3;
  } else {
    return false;
  }
  return true;
}

}  // namespace

bool Options::read(int count_of_words, char** words, std::string& fault) {
  std::string wire_faults;
  for (int i = 1; i < count_of_words; ++i) {
    const std::string word = words[i];
    if (word == "--flash") {
      is_flash = true;
      continue;
    }
    if (i + 1 >= count_of_words) {
      fault = word + " needs a value";
      return false;
    }
    const std::string value = words[++i];
    std::uint64_t number = 0;
    const bool is_number = read_number(value, &number);
    if (word == "--server") {
      server = value;
    } else if (word == "--key") {
      key = value;
    } else if (word == "--id") {
      id = value;
    } else if (word == "--frames") {
      frames = value;
    } else if (word == "--spool") {
      spool = value;
    } else if (word == "--notes") {
      notes = value;
    } else if (word == "--size") {
      size = value;
    } else if (word == "--speed") {
      speed = std::strtod(value.c_str(), nullptr);
      if (!(speed > 0)) fault = "--speed is a number above 0";
    } else if (word == "--log") {
      if (value == "debug") log = LogLevel::Debug;
      else if (value == "info") log = LogLevel::Info;
      else if (value == "warning") log = LogLevel::Warning;
      else fault = "--log is debug, info or warning";
    } else if (word == "--fault") {
      std::string written = value;  // hyphens are as good: these are no words of the wire
      std::replace(written.begin(), written.end(), '-', '_');
      const Fields fields(written);
      if (!fields.is_valid()) fault = "--fault takes members such as cut=3000, lose";
      std::size_t at = 0;
      for (Fields::Member member; fault.empty() && fields.next(at, member);) {
        if (read_fault(*this, member)) continue;
        wire_faults += wire_faults.empty() ? "" : ", ";
        wire_faults += member.key;
        if (member.kind == Fields::Kind::Integer) wire_faults += "=" + std::to_string(member.number);
      }
    } else if (!is_number) {
      fault = "what is " + word + "? or " + value + " is no number";
    } else if (word == "--interval-s") {
      interval_s = static_cast<std::uint32_t>(number);
    } else if (word == "--count") {
      count = number;
    } else if (word == "--patience-s") {
      patience_s = number;
    } else if (word == "--spool-frames") {
      spool_frames = static_cast<std::uint32_t>(number);
    } else if (word == "--spool-bytes") {
      spool_bytes = number;
    } else if (word == "--ring-bytes") {
      ring_bytes = static_cast<std::uint32_t>(number);
    } else {
      fault = "what is " + word + "?";
    }
    if (!fault.empty()) return false;
  }
  if (!wire_faults.empty()) {
    const auto read = read_wire_faults(wire_faults);
    if (!read) {
      fault = "there is no such fault in: " + wire_faults;
      return false;
    }
    wire = *read;
  }
  if (notes.empty()) notes = spool + "/notes";
  return true;
}

const char* usage() {
  return R"(camera-twin: the camera's own code on a desktop.

  --server URL --key KEY --id ID   the archive; or set it up over the serial port that is printed at the start
  --frames FOLDER                  JPEG files to send, again and again; without: drawn ones
  --size NAME                      of drawn frames: QVGA to QSXGA (SVGA)
  --interval-s N   --count N       a frame every N seconds (30); after N frames drain the spool and end
  --speed X                        X camera seconds in one (1)
  --spool FOLDER   --notes FOLDER  where frames and set-up outlive it (twin-spool, and notes/ in it)
  --spool-frames N --spool-bytes N --ring-bytes N    their limits
  --flash                          spool as in flash: send from memory, store only what does not go
  --log debug|info|warning         what to print (info)
  --patience-s N                   with draining, before it ends with frames left over (120)
  --fault "…"                      of the wire: cut=N cut-within=N lose duplicate reorder black-hole portal refuse rate=N
                                     warning redirect=307|308 idle-cut=MS buffer=MS mix chance=N seed=N
                                   of the camera: power-cut-in-spool=N full-spool[=N] clock-1970 sensor-dead[=N]
                                     sensor-revived=N sensor-broken[=N] sensor-rubbish[=N] sensor-stale[=N]

SIGUSR1 presses the first button, SIGUSR2 moves in front of it. It ends with 0 when all was kept or confessed, with 3
when something is left over, with 2 when it was called wrongly. A camera that starts anew is a new process of the same id.
)";
}

}  // namespace camera
