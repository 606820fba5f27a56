// EspTls over a real socket and the desktop's mbedTLS, for test_tls.py: connects, sends, prints what it heard as JSON.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "../../firmware/src/esp/EspTls.h"
#include "../../firmware/src/port/SocketTransport.h"

namespace {

using namespace camera;

struct LastLine final : Log {
  void line(LogLevel, std::string_view text) override { last = text; }
  std::string last;
};

std::string read_file(const char* path) {
  std::string text;
  std::FILE* file = std::fopen(path, "rb");
  if (file == nullptr) return text;
  char part[4096];
  for (std::size_t size; (size = std::fread(part, 1, sizeof part, file)) > 0;) text.append(part, size);
  std::fclose(file);
  return text;
}

constexpr int kMaxTurns = 20000;  // of 20 ms at most: none of the tests takes that many

}  // namespace

// address, port, host name, files of roots with commas between (`.pem` or DER) or "-", bytes to send (0: only connect),
// connections, "tls" or "plain", patience with a handshake in turns of 20 ms
int main(int count, char** words) {
  if (count != 9) return 2;
  SocketTransport tcp;
  LastLine log;
  EspTls tls(tcp, log);
  std::string names = std::strcmp(words[4], "-") == 0 ? "" : words[4];
  while (!names.empty()) {
    const std::size_t comma = names.find(',');
    const std::string name = names.substr(0, comma);
    names.erase(0, comma == std::string::npos ? comma : comma + 1);
    const std::string root = read_file(name.c_str());
    const bool is_pem = name.size() > 4 && name.compare(name.size() - 4, 4, ".pem") == 0;
    if (tls.add_root({reinterpret_cast<const std::uint8_t*>(root.data()), root.size() + (is_pem ? 1 : 0)})) continue;
    std::printf("{\"connect\":\"untrusted\",\"log\":\"%s\"}\n", log.last.c_str());
    return 0;
  }
  Peer peer;
  if (tls.resolve(words[1], peer.address) != Progress::Done) return 3;
  peer.port = static_cast<std::uint16_t>(std::atoi(words[2]));
  peer.host = words[3];
  peer.is_tls = std::strcmp(words[7], "tls") == 0;
  const std::vector<std::uint8_t> body(static_cast<std::size_t>(std::atol(words[5])), 'x');

  const char* reached = "";
  const char* ended = "";
  std::size_t sent = 0;
  int pending = 0;
  int stalls = 0;
  std::string heard;
  for (int i = std::atoi(words[6]); i > 0; --i) {
    Progress progress = Progress::Pending;
    for (int turn = std::atoi(words[8]); turn > 0; --turn) {
      progress = tls.connect(peer);
      if (progress != Progress::Pending) break;
      ++pending;
      tls.wait(20);
    }
    reached = progress == Progress::Done ? "done" : progress == Progress::Pending ? "pending" : "failed";
    if (progress != Progress::Done) break;
    bool can_send = true;
    sent = 0;
    for (int turn = 0; turn < kMaxTurns; ++turn) {
      bool has_moved = false;
      if (can_send && sent < body.size()) {
        const Io io = tls.send({body.data() + sent, body.size() - sent}, false);
        if (io.progress == Progress::Failed) can_send = false;
        if (io.progress == Progress::Pending) ++stalls;
        sent += io.size;
        has_moved = io.progress == Progress::Done;
      }
      std::uint8_t part[100];
      const Io io = tls.receive({part, sizeof part});
      heard.append(reinterpret_cast<const char*>(part), io.size);
      if (io.progress == Progress::Closed || io.progress == Progress::Failed) {
        ended = io.progress == Progress::Closed ? "closed" : "failed";
        break;
      }
      if (io.progress != Progress::Done && !has_moved) tls.wait(20);
    }
    tls.close();
  }
  std::printf(
      "{\"connect\":\"%s\",\"pending\":%d,\"stalls\":%d,\"sent\":%zu,\"heard\":\"%s\",\"end\":\"%s\",\"log\":\"%s\"}\n",
      reached, pending, stalls, sent, heard.c_str(), ended, log.last.c_str());
  return 0;
}
