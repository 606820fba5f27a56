// camera-twin: the camera without hardware. Makes the objects, and steps the camera until it is done.
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "../src/core/Camera.h"
#include "../src/core/PlainDigest.h"
#include "../src/port/SocketTransport.h"
#include "FaultyTransport.h"
#include "Options.h"
#include "Terminal.h"
#include "TwinClock.h"
#include "TwinFiles.h"
#include "TwinMachine.h"
#include "TwinNotes.h"
#include "TwinSource.h"

namespace {

constexpr const char* kFirmware = "1.0.0-twin";
constexpr std::uint32_t kTickMs = 5;  // of the real clock: how late a trigger may be heard of
constexpr std::uint32_t kSlots = 128;
constexpr std::size_t kFrameBytes = 2 * 1024 * 1024;
constexpr std::size_t kLosses = 2048;

volatile std::sig_atomic_t wants_end = 0;
camera::TwinPins* the_pins = nullptr;

void on_signal(int signal) {
  if (signal == SIGUSR1) the_pins->pull(0);
  else if (signal == SIGUSR2) the_pins->pull(camera::kMotionPin);
  else wants_end = 1;
}

void say(const char* word, const std::string& value) {
  std::printf("%s %s\n", word, value.c_str());
  std::fflush(stdout);
}

/// The settings a twin begins with, until the archive has others; version 0 gives way to any.
bool note_settings(camera::Notes& notes, const camera::Options& options) {
  camera::FixedText<64> ours;
  camera::FieldsWriter(ours).integer("version", 0).integer("interval_s", options.interval_s).string("size", options.size);
  camera::Settings settings;
  const std::string_view fault = settings.read(camera::Fields(ours.view()));
  if (!fault.empty()) {
    std::fprintf(stderr, "camera-twin: %.*s\n", static_cast<int>(fault.size()), fault.data());
    return false;
  }
  camera::FixedText<camera::kMaxNote> note;
  camera::Settings kept;
  if (notes.read("settings", note) && kept.read(camera::Fields(note.view())).empty() && kept.version > 0) return true;
  note.clear();
  return settings.write(note) && notes.write("settings", note.view());
}

bool note_installation(camera::Notes& notes, const camera::Options& options) {
  camera::Installation installation;
  installation.read(notes);
  const bool has_no_key = options.key.empty();  // then it keeps the one it has, or draws one
  if (!options.server.empty() && !(installation.set_url(options.server) && (has_no_key || installation.set_key(options.key)))) {
    std::fprintf(stderr, "camera-twin: this is no address of an archive, or no key\n");
    return false;
  }
  if (!options.id.empty() && !installation.set_id(options.id)) {
    std::fprintf(stderr, "camera-twin: an id is 1 to 32 of a-z, 0-9, - and _, a letter or figure first\n");
    return false;
  }
  return installation.write(notes);
}

}  // namespace

int main(int count, char** words) {
  camera::Options options;
  std::string fault;
  if (!options.read(count, words, fault)) {
    std::fprintf(stderr, "camera-twin: %s\n\n%s", fault.c_str(), camera::usage());
    return 2;
  }
  mkdir(options.spool.c_str(), 0755);
  camera::TwinNotes notes(options.notes);
  if (!note_settings(notes, options) || !note_installation(notes, options)) return 2;

  camera::TwinPins pins;
  the_pins = &pins;
  for (const int signal : {SIGTERM, SIGINT, SIGUSR1, SIGUSR2}) std::signal(signal, on_signal);
  std::signal(SIGPIPE, SIG_IGN);

  camera::TwinClock clock(options.speed, options.speed == 1 && !options.is_clock_unset);
  camera::Terminal terminal;
  camera::TwinLog log(options.log, terminal);
  camera::TwinRandom random;
  camera::TwinSource source(clock, options.frames, options.sensor);
  if (!source.has_frames()) {
    std::fprintf(stderr, "camera-twin: there is no JPEG in %s\n", options.frames.c_str());
    return 2;
  }
  camera::SocketTransport first, second;
  camera::FaultyTransport wire(first, second, clock);
  wire.set(options.wire);
  camera::TwinFiles files(options.power_cut_in_spool);
  camera::TwinRadio radio;
  camera::TwinMachine machine("power-on");
  camera::PlainDigest digest;
  camera::BootMemory boot_memory;

  const auto slots = std::make_unique<camera::Slot[]>(kSlots);
  std::vector<std::uint8_t> ring(options.ring_bytes), frame(kFrameBytes);
  const auto spooled = std::make_unique<camera::Spooled[]>(options.spool_frames);
  const auto losses = std::make_unique<camera::Loss[]>(2 * kLosses);
  camera::CameraOptions camera_options;
  camera_options.firmware = kFirmware;
  camera_options.spool_folder = options.spool.c_str();
  camera_options.spool_limits.max_bytes = options.spool_bytes;
  camera_options.spool_limits.max_frames = options.spool_frames;
  camera::FixedText<16> restarts;
  if (notes.read("sensor", restarts))
    camera_options.machine_restarts_for_sensor =
        static_cast<std::uint32_t>(std::strtoul(std::string(restarts.view()).c_str(), nullptr, 10));
  camera_options.stores_first = !options.is_flash;
  const auto camera = std::make_unique<camera::Camera>(
      camera::CameraPorts{source, pins, &digest, &digest, clock, log, notes, random, wire, files, radio, machine,
                          boot_memory},
      camera::CameraMemory{slots.get(), kSlots, {ring.data(), ring.size()}, spooled.get(), {frame.data(), frame.size()},
                           losses.get(), kLosses},
      camera_options);
  camera::Setup setup(notes, nullptr);
  setup.begin();
  camera->begin();
  say("serial", terminal.name());

  std::uint64_t taken = 0;
  std::uint64_t drain_until_ms = 0;
  while (wants_end == 0 && !machine.wants_restart()) {
    const bool is_enough = options.count != 0 && taken >= options.count;
    if (!is_enough || camera->is_taking()) camera->step_taking();
    else camera->settle();
    if (camera->taken() != taken) {
      taken = camera->taken();
      source.next();
    }
    camera->step_keeping();
    for (char letter; terminal.read(&letter);) {
      if (!setup.take(letter, camera->facts())) continue;
      terminal.write(setup.answer());
      terminal.write("\n");
      if (setup.was_committed()) camera->install();
    }
    if (is_enough) {
      if (camera->is_drained()) break;
      if (drain_until_ms == 0) drain_until_ms = clock.now_ms() + static_cast<std::uint64_t>(
          static_cast<double>(options.patience_s) * 1000 * options.speed);
      if (clock.now_ms() > drain_until_ms) break;
    }
    const std::uint32_t wait_ms = clock.real_ms(camera->keeping_wait_ms());
    const bool is_hurried = camera->waiting() > 0 || (camera->is_taking() && options.speed > 1);
    if (wait_ms > 0 && !is_hurried) wire.wait(wait_ms < kTickMs ? wait_ms : kTickMs);
  }
  const bool is_drained = camera->is_drained();
  std::printf("end taken=%llu, kept=%llu, spooled=%zu, lost=%llu\n", static_cast<unsigned long long>(taken),
              static_cast<unsigned long long>(camera->kept()), camera->spool().size(),
              static_cast<unsigned long long>(camera->losses().lost()));
  std::fflush(stdout);
  if (machine.wants_restart()) {
    execv("/proc/self/exe", words);  // a new boot on the same spool, as after any restart
    std::perror("camera-twin");
    return 1;
  }
  return is_drained ? 0 : 3;
}
