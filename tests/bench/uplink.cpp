// What a frame costs on its way from the driver's buffer through the ring to the socket: the whole camera, from memory
// to loopback, beside a bare loop that sends one of the camera's own requests again and again.
//
// Both send one frame at a time over one connection, to a process that reads it all and answers as the archive does,
// and whose own CPU is not counted. There is no card: with one, its fsync would be all that is seen.
//
// usage: uplink PHOTO FRAMES camera|digest|copying|bare CORE SINK_CORE     prints one line of JSON
//   digest: each frame is hashed too. copying: the driver copies each frame once more, for the count to notice.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "../../firmware/src/core/Camera.h"
#include "../../firmware/src/core/PlainDigest.h"
#include "../../firmware/src/port/PosixFiles.h"
#include "../../firmware/src/port/SocketTransport.h"
#include "../../firmware/twin/TwinClock.h"
#include "../../firmware/twin/TwinMachine.h"

std::uint64_t written_bytes = 0;  // by the camera's code; stays 0 where copies.cpp is not linked in

namespace {

using camera::Bytes;
using camera::Io;
using camera::Room;

constexpr std::uint64_t kIntervalMs = 1000;  // the shortest there is; the clock is moved on instead of waiting for it
constexpr std::uint32_t kSlots = 128;
constexpr std::size_t kRingBytes = 4 * 1024 * 1024;
constexpr std::size_t kLosses = 256;
constexpr std::uint64_t kWarmFrames = 100;
constexpr unsigned kPatienceS = 120;

void check(bool is_good, const char* what) {
  if (is_good) return;
  std::perror(what);
  std::exit(1);
}

// The macros of <sched.h> are written with casts and signs of their own.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wsign-conversion"
void stay_on(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  check(sched_setaffinity(0, sizeof cores, &cores) == 0, "sched_setaffinity");
}
#pragma GCC diagnostic pop

// -- the archive's part

/// Reads requests and keeps none; answers each with its own name, and that it is kept.
void serve(int listener) {
  std::vector<char> room(1 << 20);
  for (int socket; (socket = accept(listener, nullptr, nullptr)) >= 0; close(socket)) {
    std::size_t got = 0;  // of the request, while its head is not whole
    for (;;) {
      const ssize_t more = recv(socket, room.data() + got, room.size() - 1 - got, 0);
      if (more <= 0) break;
      got += static_cast<std::size_t>(more);
      room[got] = '\0';
      const char* end = std::strstr(room.data(), "\r\n\r\n");
      if (end == nullptr) continue;
      const char* length = std::strstr(room.data(), "Content-Length: ");
      const char* boot = std::strstr(room.data(), "boot=\"");
      const char* number = std::strstr(room.data(), "number=");
      check(length != nullptr && boot != nullptr && number != nullptr, "a request without its fields");
      char answer[256];
      const int size = std::snprintf(answer, sizeof answer,
                                     "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n"
                                     "Camera-Frame: boot=\"%.16s\", number=%llu, answer=kept\r\n\r\n",
                                     boot + 6, std::strtoull(number + 7, nullptr, 10));
      const auto head = static_cast<std::size_t>(end + 4 - room.data());
      std::size_t left = head + std::strtoull(length + 16, nullptr, 10) - got;
      while (left > 0) {
        const ssize_t part = recv(socket, room.data(), std::min(left, room.size()), 0);
        check(part > 0, "a request without its end");
        left -= static_cast<std::size_t>(part);
      }
      check(send(socket, answer, static_cast<std::size_t>(size), MSG_NOSIGNAL) == size, "answer");
      got = 0;
    }
  }
}

class Sink {
 public:
  explicit Sink(int core) {
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address_;
    check(bind(listener, reinterpret_cast<sockaddr*>(&address_), size) == 0 && listen(listener, 8) == 0 &&
              getsockname(listener, reinterpret_cast<sockaddr*>(&address_), &size) == 0,
          "listen");
    process_ = fork();
    check(process_ >= 0, "fork");
    if (process_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGTERM);
      stay_on(core);
      serve(listener);
      _exit(0);
    }
    close(listener);
  }
  ~Sink() {
    kill(process_, SIGTERM);
    waitpid(process_, nullptr, 0);
  }
  const sockaddr_in& address() const { return address_; }
  unsigned port() const { return ntohs(address_.sin_port); }

 private:
  sockaddr_in address_{};
  pid_t process_;
};

// -- the camera's world

/// The machine's clock, which can be moved on.
class Clock final : public camera::Clock {
 public:
  std::uint64_t now_ms() override { return clock_.now_ms() + skipped_ms_; }
  std::optional<std::uint64_t> unix_ms() override { return *clock_.unix_ms() + skipped_ms_; }
  void set_unix_ms(std::uint64_t) override {}
  void skip(std::uint64_t ms) { skipped_ms_ += ms; }

 private:
  camera::TwinClock clock_{1, true};
  std::uint64_t skipped_ms_ = 0;
};

/// A driver with one frame in its buffer, always the newest.
class Driver final : public camera::FrameSource {
 public:
  Driver(Clock& clock, const std::vector<std::uint8_t>& photo, bool copies)
      : clock_(clock), photo_(photo), copy_(copies ? photo.size() : 0) {}

  camera::Frame take() override {
    if (!copy_.empty()) std::copy(photo_.begin(), photo_.end(), copy_.begin());
    const std::vector<std::uint8_t>& buffer = copy_.empty() ? photo_ : copy_;
    camera::Frame frame(*this, Bytes{buffer.data(), buffer.size()});
    frame.up_ms = clock_.now_ms();
    return frame;
  }
  bool apply(const camera::SensorSettings&) override { return true; }
  bool restart(camera::SensorRestart) override { return true; }
  std::string_view sensor() const override { return "OV2640"; }
  std::string_view fault() const override { return {}; }
  bool can_recover() const override { return true; }
  void give_back(const std::uint8_t*) override {}

 private:
  Clock& clock_;
  const std::vector<std::uint8_t>& photo_;
  std::vector<std::uint8_t> copy_;
};

class Notes final : public camera::Notes {
 public:
  explicit Notes(unsigned port) : server_("url=\"http://127.0.0.1:" + std::to_string(port) + "\", key=\"measured\"") {}

  bool read(std::string_view name, camera::Text& out) override {
    if (name == "settings")
      return out.add("version=1, interval_s=1, size=\"SVGA\", settle_ms=0, settle_frames=0").is_whole();
    return name == "server" && out.add(server_).is_whole();
  }
  bool write(std::string_view, std::string_view) override { return true; }

 private:
  std::string server_;
};

class Quiet final : public camera::Log {
 public:
  void line(camera::LogLevel, std::string_view) override {}
};

/// Keeps what is sent through it.
class Recorder final : public camera::Transport {
 public:
  camera::Progress resolve(std::string_view host, camera::IpAddress& address) override {
    return transport_.resolve(host, address);
  }
  camera::Progress connect(const camera::Peer& peer) override { return transport_.connect(peer); }
  Io send(Bytes bytes, bool has_more) override {
    const Io io = transport_.send(bytes, has_more);
    sent.insert(sent.end(), bytes.data, bytes.data + io.size);
    return io;
  }
  Io receive(Room room) override { return transport_.receive(room); }
  void close() override { transport_.close(); }
  void wait(std::uint32_t at_most_ms) override { transport_.wait(at_most_ms); }

  std::vector<std::uint8_t> sent;

 private:
  camera::SocketTransport transport_;
};

class Sender {
 public:
  Sender(const std::vector<std::uint8_t>& photo, camera::Transport& transport, unsigned port, bool digests, bool copies)
      : transport_(transport), driver_(clock_, photo, copies), notes_(port) {
    camera::CameraOptions options;
    options.firmware = "1.0.0";
    options.stores_first = false;
    camera_ = std::make_unique<camera::Camera>(
        camera::CameraPorts{driver_, pins_, digests ? &digest_ : nullptr, nullptr, clock_, log_, notes_, random_,
                            transport, files_, radio_, machine_, boot_memory_},
        camera::CameraMemory{slots_.get(), kSlots, {ring_.data(), ring_.size()}, nullptr, {}, losses_.get(), kLosses},
        options);
    camera_->begin();
  }

  /// As the chip's two tasks do it, but for their ticks: what is due is done, and then the socket is waited for.
  void send(std::uint64_t count) {
    const std::uint64_t end = camera_->kept() + count;
    while (camera_->kept() < end) {
      if (camera_->waiting() == 0) {
        clock_.skip(kIntervalMs);
        camera_->step_taking();
      }
      camera_->step_keeping();
      if (camera_->waiting() > 0) transport_.wait(camera_->keeping_wait_ms());
    }
  }

 private:
  Clock clock_;
  camera::Transport& transport_;
  Driver driver_;
  Notes notes_;
  camera::TwinPins pins_;
  camera::PlainDigest digest_;
  Quiet log_;
  camera::TwinRandom random_;
  camera::PosixFiles files_;
  camera::TwinRadio radio_;
  camera::TwinMachine machine_{"power-on"};
  camera::BootMemory boot_memory_;
  std::unique_ptr<camera::Slot[]> slots_{new camera::Slot[kSlots]};
  std::unique_ptr<camera::Loss[]> losses_{new camera::Loss[2 * kLosses]};
  std::vector<std::uint8_t> ring_ = std::vector<std::uint8_t>(kRingBytes);
  std::unique_ptr<camera::Camera> camera_;
};

// -- the bare loop

class BareLoop {
 public:
  BareLoop(std::vector<std::uint8_t> request, const sockaddr_in& address) : request_(std::move(request)) {
    socket_ = socket(AF_INET, SOCK_STREAM, 0);
    const int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    check(connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "connect");
  }
  ~BareLoop() { close(socket_); }
  BareLoop(const BareLoop&) = delete;
  BareLoop& operator=(const BareLoop&) = delete;

  void send(std::uint64_t count) {
    for (; count > 0; --count) {
      for (std::size_t sent = 0; sent < request_.size();) {
        const ssize_t more = ::send(socket_, request_.data() + sent, request_.size() - sent, MSG_NOSIGNAL);
        check(more > 0, "send");
        sent += static_cast<std::size_t>(more);
      }
      std::size_t got = 0;
      do {
        pollfd wanted{socket_, POLLIN, 0};  // no sender may wait for ever
        check(poll(&wanted, 1, static_cast<int>(kPatienceS) * 1000) > 0, "no answer");
        const ssize_t more = recv(socket_, answer_ + got, sizeof answer_ - 1 - got, 0);
        check(more > 0, "an answer without its end");
        got += static_cast<std::size_t>(more);
        answer_[got] = '\0';
      } while (std::strstr(answer_, "\r\n\r\n") == nullptr);
      check(std::strstr(answer_, "answer=kept") != nullptr, answer_);
    }
  }

 private:
  std::vector<std::uint8_t> request_;
  int socket_;
  char answer_[1024];
};

// -- measuring

double seconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

template <typename Way>
void measure(Way& way, std::uint64_t frames) {
  way.send(kWarmFrames);
  const std::uint64_t written_before = written_bytes;
  const double cpu_before = seconds(CLOCK_PROCESS_CPUTIME_ID), began = seconds(CLOCK_MONOTONIC);
  way.send(frames);
  const double took = seconds(CLOCK_MONOTONIC) - began, cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_before;
  const auto per_frame = [frames](double all) { return all / static_cast<double>(frames); };
  std::printf("{\"frames_per_s\": %.3f, \"cpu_us\": %.3f, \"written_bytes\": %.1f}\n", 1 / per_frame(took),
              per_frame(cpu) * 1e6, per_frame(static_cast<double>(written_bytes - written_before)));
}

}  // namespace

int main(int count, char** words) {
  const std::string way = count == 6 ? words[3] : "";
  if (way != "camera" && way != "digest" && way != "copying" && way != "bare")
    return std::fprintf(stderr, "usage: uplink PHOTO FRAMES camera|digest|copying|bare CORE SINK_CORE\n"), 2;
  std::FILE* file = std::fopen(words[1], "rb");
  check(file != nullptr, words[1]);
  std::vector<std::uint8_t> photo(1 << 20);
  photo.resize(std::fread(photo.data(), 1, photo.size(), file));
  std::fclose(file);
  const std::uint64_t frames = std::strtoull(words[2], nullptr, 10);

  alarm(kPatienceS);  // a camera that is not answered tries again for ever
  stay_on(std::atoi(words[4]));
  const Sink sink(std::atoi(words[5]));
  if (way == "bare") {
    Recorder recorder;
    Sender(photo, recorder, sink.port(), false, false).send(1);
    recorder.close();
    BareLoop loop(recorder.sent, sink.address());
    measure(loop, frames);
  } else {
    camera::SocketTransport transport;
    Sender sender(photo, transport, sink.port(), way == "digest", way == "copying");
    measure(sender, frames);
  }
  return 0;
}
