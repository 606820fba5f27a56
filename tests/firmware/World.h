// A world for a whole camera: a clock that is moved, a sensor, a board, and an archive that is reached by a wire. Nothing
// in it allocates once it is built, so that a test can count what the camera does.
#pragma once

#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "FakeFiles.h"
#include "core/Camera.h"
#include "core/Contract.h"
#include "core/PlainDigest.h"
#include "twin/DrawnPicture.h"

namespace camera::testing {

class WorldClock final : public Clock {
 public:
  std::uint64_t now_ms() override { return now; }
  std::optional<std::uint64_t> unix_ms() override {
    if (!unix_at_zero) return std::nullopt;
    return *unix_at_zero + now;
  }
  void set_unix_ms(std::uint64_t to) override { unix_at_zero = to - now; }

  std::uint64_t now = 0;
  std::optional<std::uint64_t> unix_at_zero;
};

class WorldRandom final : public Random {
 public:
  std::uint32_t next_u32() override {
    state = state * 1664525 + 1013904223;
    return is_dead ? 0 : state;
  }
  std::uint32_t state = 1;
  bool is_dead = false;
};

class WorldSource final : public FrameSource {
 public:
  explicit WorldSource(WorldClock& clock) : clock_(clock) { draw_picture(320, 240, 1, picture); }

  Frame take() override {
    ++takes;
    if (is_dead || lent >= 2) return Frame();
    ++lent;
    Bytes bytes{picture.data(), picture.size()};
    if (broken > 0) --broken, bytes = bytes.first(bytes.size / 2);
    Frame frame(*this, bytes);
    frame.up_ms = clock_.now;
    if (stale > 0) --stale, frame.up_ms = stale_up_ms;
    return frame;
  }
  bool apply(const SensorSettings& settings) override { return applied = settings, true; }
  bool restart(SensorRestart how) override { return ++(how == SensorRestart::Reinit ? reinits : power_cycles), true; }
  std::string_view sensor() const override { return "OV3660"; }
  std::string_view fault() const override { return fault_text; }
  bool can_recover() const override { return !is_hopeless; }
  void give_back(const std::uint8_t*) override { --lent; }

  std::vector<std::uint8_t> picture;
  SensorSettings applied;
  bool is_dead = false;
  bool is_hopeless = false;
  std::string fault_text;
  int lent = 0, reinits = 0, power_cycles = 0, broken = 0, stale = 0;
  std::uint64_t stale_up_ms = 0;
  std::uint64_t takes = 0;

 private:
  WorldClock& clock_;
};

enum class Archive { Keeps, Refuses, PutsOff, Portal, Silent, Refused, Pending, Revoked };

/// The wire and the archive behind it.
class WorldTransport final : public Transport {
 public:
  static constexpr std::size_t kMostNumbers = 200'000;

  WorldTransport() : kept_times_(kMostNumbers) { order.reserve(kMostNumbers); }

  Progress resolve(std::string_view, IpAddress& address) override {
    if (is_nameless) return Progress::Failed;
    address = IpAddress{{10, 0, 0, 1}, 4, 0};
    return Progress::Done;
  }
  Progress connect(const Peer& peer) override {
    ++connects;
    peer_address = peer.address;
    reset();
    if (archive == Archive::Refused || (only_at && peer.host != only_at)) return Progress::Failed;
    was_tls = peer.is_tls;
    host_.clear();
    host_.add(peer.host);
    return Progress::Done;
  }
  Io send(Bytes bytes, bool) override {
    if (archive == Archive::Silent) return {Progress::Pending, 0};
    if (only_at && host_.view() != only_at) return {Progress::Failed, 0};
    const std::size_t taken = bytes.size < at_a_time ? bytes.size : at_a_time;
    for (std::size_t i = 0; i < taken; ++i) take(bytes.data[i]);
    return {Progress::Done, taken};
  }
  Io receive(Room room) override {
    if (answer_size_ == answered_) return {Progress::Pending, 0};
    const std::size_t size = std::min(room.size, answer_size_ - answered_);
    std::memcpy(room.data, answer_ + answered_, size);
    answered_ += size;
    return {Progress::Done, size};
  }
  void close() override { reset(); }
  void wait(std::uint32_t) override {}

  Archive archive = Archive::Keeps;
  std::uint64_t refuses_number = UINT64_MAX;  // this one alone
  std::uint64_t puts_off_number = UINT64_MAX;
  std::uint64_t chokes_on_number = UINT64_MAX;  // a proxy in front, that answers in the archive's stead
  std::size_t at_a_time = SIZE_MAX;
  std::string more;  // header lines of a kept answer
  std::vector<std::string> losts;  // every Camera-Lost of what was kept, as it was sent
  std::uint64_t connects = 0;
  std::uint64_t requests = 0;
  const char* only_at = nullptr;  // the one host at which it answers
  bool was_tls = false;
  bool is_nameless = false;  // nobody answers for the archive's name
  IpAddress peer_address;
  /// How often a number was kept, of any boot.
  std::uint32_t times_kept(std::uint64_t number) const { return kept_times_[static_cast<std::size_t>(number)]; }

  std::vector<std::uint64_t> order;       // of numbers kept
  char head[2500] = {};                   // the last request's
  char report_head[2500] = {};            // the last report's that was noted
  std::uint64_t reports = 0;              // noted or not

 private:
  void reset() {
    head_size_ = body_left_ = 0;
    answer_size_ = answered_ = 0;
    in_body_ = false;
  }

  void take(std::uint8_t byte) {
    if (!in_body_) {
      if (head_size_ == 0) answer_size_ = answered_ = 0;
      head[head_size_++] = static_cast<char>(byte);
      head[head_size_] = '\0';
      if (head_size_ < 4 || std::memcmp(head + head_size_ - 4, "\r\n\r\n", 4) != 0) return;
      body_left_ = static_cast<std::size_t>(std::strtoull(std::strstr(head, "Content-Length: ") + 16, nullptr, 10));
      in_body_ = body_left_ > 0;
      if (!in_body_) end();
      return;
    }
    if (--body_left_ == 0) end();
  }

  void end() {
    ++requests;
    in_body_ = false;
    head_size_ = 0;
    respond();
  }

  void respond() {
    if (archive == Archive::Pending || archive == Archive::Revoked) return respond_to_a_stranger();
    if (std::strncmp(head, "POST /api/reports", 17) == 0) return respond_to_report();
    const char* boot = std::strstr(head, "Camera-Frame: boot=\"") + 20;
    const std::uint64_t number = std::strtoull(std::strstr(head, "number=") + 7, nullptr, 10);
    const char* word = "kept";
    if (archive == Archive::Refuses || number == refuses_number) word = "refused";
    if (archive == Archive::PutsOff || number == puts_off_number) word = "again";
    int size = 0;
    if (archive == Archive::Portal || number == chokes_on_number) {
      size = std::snprintf(answer_, sizeof answer_, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nportal");
    } else {
      const bool is_kept = word[0] == 'k';
      if (is_kept && number < kMostNumbers) {
        ++kept_times_[static_cast<std::size_t>(number)];
        order.push_back(number);
      }
      if (is_kept) hear_lost();
      size = std::snprintf(answer_, sizeof answer_,
                           "HTTP/1.1 201 Created\r\nCamera-Frame: boot=\"%.16s\", number=%llu, answer=%s\r\n%s"
                           "Content-Length: 0\r\n\r\n",
                           boot, static_cast<unsigned long long>(number), word, is_kept ? more.c_str() : "");
    }
    answer_size_ = static_cast<std::size_t>(size);
    answered_ = 0;
  }

  void respond_to_report() {
    const char* name = std::strstr(head, "Camera-Report: ") + 15;
    const char* word = archive == Archive::Refuses ? "refused" : archive == Archive::PutsOff ? "again" : "kept";
    const bool is_heard = archive != Archive::Portal && word[0] == 'k';
    ++reports;
    if (is_heard) hear_lost();
    if (is_heard) std::memcpy(report_head, head, sizeof head);
    const int size = archive == Archive::Portal
        ? std::snprintf(answer_, sizeof answer_, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nportal")
        : std::snprintf(answer_, sizeof answer_, "HTTP/1.1 200 OK\r\nCamera-Report: %.*s, answer=%s\r\n%sContent-Length: 0\r\n\r\n",
                        static_cast<int>(std::strcspn(name, "\r")), name, word, is_heard ? more.c_str() : "");
    answer_size_ = static_cast<std::size_t>(size);
    answered_ = 0;
  }

  void respond_to_a_stranger() {
    const bool is_report = std::strncmp(head, "POST /api/reports", 17) == 0;
    reports += is_report;
    const char* field = is_report ? "Camera-Report" : "Camera-Frame";
    const char* boot = std::strstr(std::strstr(head, field), "boot=\"") + 6;
    const unsigned long long number = std::strtoull(std::strstr(boot, "number=") + 7, nullptr, 10);
    const bool is_pending = archive == Archive::Pending;
    answer_size_ = static_cast<std::size_t>(std::snprintf(
        answer_, sizeof answer_, "HTTP/1.1 %s\r\n%s: boot=\"%.16s\", number=%llu, answer=again\r\n%sContent-Length: 0\r\n\r\n",
        is_pending ? "401 Unauthorized" : "403 Forbidden", field, boot, number, is_pending ? "Retry-After: 15\r\n" : ""));
    answered_ = 0;
  }

  void hear_lost() {
    if (const char* lost = std::strstr(head, "Camera-Lost: ")) losts.emplace_back(lost, std::strcspn(lost, "\r"));
  }

  std::vector<std::uint32_t> kept_times_;
  FixedText<253> host_;  // of this connection
  std::size_t head_size_ = 0, body_left_ = 0;
  bool in_body_ = false;
  char answer_[1024];
  std::size_t answer_size_ = 0, answered_ = 0;
};

class WorldNotes final : public Notes {
 public:
  bool read(std::string_view name, Text& out) override {
    const auto note = notes.find(std::string(name));
    return note != notes.end() && out.add(note->second).is_whole();
  }
  bool write(std::string_view name, std::string_view text) override {
    if (is_broken || writes_left == 0) return false;
    if (writes_left > 0) --writes_left;
    if (text.empty()) notes.erase(std::string(name));
    else notes[std::string(name)] = std::string(text);
    ++writes[std::string(name)];
    return true;
  }
  std::map<std::string, std::string> notes;
  std::map<std::string, int> writes;
  bool is_broken = false;
  int writes_left = -1;  // before it breaks; below 0: it does not
};

class WorldRadio final : public Radio {
 public:
  void join(std::string_view, std::string_view) override { ++joins; }
  void set_power(bool is_on) override { switched_off += !is_on; }
  bool is_up() override { return up; }
  std::optional<int> rssi() override { return -61; }
  bool up = true;
  int joins = 0, switched_off = 0;
};

class WorldPins final : public Pins {
 public:
  std::uint32_t levels() override { return level; }
  std::uint32_t level = 0;
};

class WorldMachine final : public Machine {
 public:
  Vitals vitals() override {
    Vitals vitals;
    vitals.reset = "power-on";
    return vitals;
  }
  void restart(std::string_view) override { ++restarts; }
  int restarts = 0;
};

class WorldLog final : public Log {
 public:
  void line(LogLevel level, std::string_view text) override {
    lines[static_cast<unsigned>(level)]++;
    if (level == LogLevel::Debug) return;
    last.clear();
    last.add(text);
  }
  std::uint64_t lines[4] = {};
  FixedText<256> last;  // above Debug
};

/// What outlives a power cut: the card and the notes; what outlives deep sleep: the boot's memory.
struct World {
  explicit World(const char* settings = "interval_s=30, size=\"QVGA\", settle_ms=0, settle_frames=0") : source(clock) {
    notes.notes["settings"] = settings;
    notes.notes["server"] = "url=\"http://archive.local\", key=\"k3y\"";
  }

  WorldClock clock;
  WorldRandom random;
  WorldSource source;
  WorldTransport transport;
  FakeFiles fake_files;
  Files* files = &fake_files;
  WorldNotes notes;
  WorldRadio radio;
  WorldPins pins;
  WorldMachine machine;
  WorldLog log;
  PlainDigest digest;
  BootMemory boot_memory;
};

/// One start of a camera in its world.
struct Start {
  explicit Start(World& with, bool stores_first = true, std::uint32_t max_frames = 1000, const char* folder = "/spool",
                 std::size_t ring_bytes = 1'000'000, std::uint32_t restarts_for_sensor = 0)
      : world(with),
        slots(new Slot[32]),
        ring(ring_bytes),
        spooled(new Spooled[max_frames]),
        frame(100'000),
        losses(new Loss[2 * 256]) {
    CameraOptions options;
    options.firmware = "1.0.0";
    options.spool_folder = folder;
    options.spool_limits = {1ULL << 40, max_frames, 8};
    options.stores_first = stores_first;
    options.machine_restarts_for_sensor = restarts_for_sensor;
    camera = std::make_unique<Camera>(
        CameraPorts{world.source, world.pins, &world.digest, &world.digest, world.clock, world.log, world.notes,
                    world.random, world.transport, *world.files, world.radio, world.machine, world.boot_memory},
        CameraMemory{slots.get(), 32, {ring.data(), ring.size()}, spooled.get(), {frame.data(), frame.size()},
                     losses.get(), 256},
        options);
    camera->begin();
  }

  /// Lets time go by in ticks, each with a step of taking and as many of keeping.
  void run(std::uint64_t for_ms, std::uint64_t tick_ms = 100, int keeping_steps = 8) {
    for (const std::uint64_t end = world.clock.now + for_ms; world.clock.now < end; world.clock.now += tick_ms) {
      camera->step_taking();
      for (int i = 0; i < keeping_steps; ++i) camera->step_keeping();
    }
  }

  /// Lets time go by until the camera may sleep, at most a quarter of an hour; until when it would.
  std::optional<std::uint64_t> run_until_sleepy() {
    for (const std::uint64_t end = world.clock.now + 15 * 60'000; world.clock.now < end && !camera->may_sleep_until();) run(100);
    return camera->may_sleep_until();
  }

  /// As `run_until_sleepy`, and then sleeps. False: it would not.
  bool sleep() {
    const auto until = run_until_sleepy();
    if (!until) return false;
    camera->before_sleep();
    world.clock.now = *until;
    return true;
  }

  World& world;
  std::unique_ptr<Slot[]> slots;
  std::vector<std::uint8_t> ring;
  std::unique_ptr<Spooled[]> spooled;
  std::vector<std::uint8_t> frame;
  std::unique_ptr<Loss[]> losses;
  std::unique_ptr<Camera> camera;
};

}  // namespace camera::testing
