#include "Setup.h"

#include "Address.h"

namespace camera {
namespace {

// A root comes in pieces, which wait in notes of their own for the commit: it is longer than a line.
constexpr std::string_view kRoots[] = {kRoot1Note, kRoot2Note}, kNewRoots[] = {"newroot1", "newroot2"};

constexpr std::string_view kPins[] = {"button1", "button2", "button3", "motion"};
constexpr std::int64_t kLastPin = 48;

/// Whether this is as long as its own head says: a certificate is a sequence with two bytes of length.
bool is_whole_certificate(std::string_view der) {
  if (der.size() < 4 || der[0] != '\x30' || der[1] != '\x82') return false;
  const auto byte = [der](std::size_t at) { return static_cast<std::size_t>(static_cast<unsigned char>(der[at])); };
  return der.size() == 4 + (byte(2) << 8 | byte(3));
}

}  // namespace

void Setup::begin() {
  staged_.read(notes_);
  pins_.clear();
  notes_.read(kPinsNote, pins_);
  for (const std::string_view name : kNewRoots) notes_.write(name, "");
  new_roots_ = 0;
}

bool Setup::take(char letter, const SetupFacts& facts) {
  if (letter != '\n' && letter != '\r') {
    line_.add(letter);
    return false;
  }
  if (line_.is_whole() && line_.is_empty()) return false;  // the second half of a line end, or nothing at all
  answer_.clear();
  if (line_.is_whole()) {
    answer_line(line_.view(), facts);
  } else {
    error("the line is too long");
  }
  // Secrets do not lie about in memory longer than needed; what follows overwrites the line.
  line_.clear();
  return true;
}

bool Setup::was_committed() {
  const bool was = was_committed_;
  was_committed_ = false;
  return was;
}

void Setup::answer_line(std::string_view line, const SetupFacts& facts) {
  while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  const std::size_t space = line.find(' ');
  const std::string_view word = line.substr(0, space);
  // From what is set up now: the camera may have renewed its key since it was asked last.
  if (!has_uncommitted_) staged_.read(notes_);
  const Fields fields(space == std::string_view::npos ? std::string_view() : line.substr(space + 1));
  if (!fields.is_valid()) return error("write members as name=\\\"value\\\", with commas between");
  if (word == "wifi") return set_wifi(fields);
  if (word == "server") return set_server(fields);
  if (word == "camera") return set_camera(fields);
  if (word == "root") return set_root(fields);
  if (word == "pins") return set_pins(fields);
  if (word == "status") return tell(facts);
  if (word == "commit") return commit();
  error("the words are wifi, server, camera, root, pins, status and commit");
}

void Setup::set_wifi(const Fields& fields) {
  FixedText<64> ssid;
  FixedText<64> password;
  if (!fields.string("ssid", ssid)) return error("wifi needs ssid, a string of at most 32 characters");
  if (fields.has("password") && !fields.string("password", password))
    return error("password is a string of at most 63 characters");
  if (!staged_.add_network(ssid.view(), password.view()))
    return error("an ssid has 1 to 32 characters, a password 8 to 63 or none");
  has_uncommitted_ = true;
  ok();
  FieldsWriter(answer_.add(' ')).integer("networks", static_cast<std::int64_t>(staged_.network_count));
}

void Setup::set_server(const Fields& fields) {
  FixedText<192> url;
  FixedText<kMaxKey> key;
  const bool has_url = fields.has("url"), has_key = fields.has("key");
  if (!has_url && !has_key) return error("server needs url, such as http://archive.local:8080, or key");
  if (has_url && !fields.string("url", url)) return error("url is a string of at most 192 characters");
  if (has_key && !fields.string("key", key)) return error("key is a string of at most 128 characters");
  // What is not said stays: who moves an archive does not have to know the camera's key.
  const Installation before = staged_;
  if ((has_url && !staged_.set_url(url.view())) || (has_key && !staged_.set_key(key.view()))) {
    staged_ = before;
    return error("this is no address of an archive, or no key");
  }
  has_uncommitted_ = true;
  ok();
}

void Setup::set_camera(const Fields& fields) {
  FixedText<32> id;
  FixedText<32> board;
  const bool has_id = fields.has("id"), has_board = fields.has("board");
  if (!has_id && !has_board) return error("camera needs id or board");
  if (has_board && (!fields.string("board", board) || (boards_ != nullptr && !boards_->knows(board.view()))))
    return error("no such board is known to this firmware");
  if (has_id && (!fields.string("id", id) || !staged_.set_id(id.view())))
    return error("an id is 1 to 32 of a-z, 0-9, - and _, a letter or figure first");
  if (has_board) staged_.board = board;
  has_uncommitted_ = true;
  ok();
}

void Setup::set_root(const Fields& fields) {
  const std::int64_t number = fields.integer("number").value_or(1), at = fields.integer("at").value_or(0);
  if (number < 1 || number > 2 || (number == 2 && new_roots_ == 0)) return error("roots are number 1, then perhaps 2");
  const auto place = static_cast<std::size_t>(number - 1);
  FixedText<kMaxNote> der;
  if (at != 0 && !notes_.read(kNewRoots[place], der)) return error("a root begins with the piece at=0");
  if (static_cast<std::int64_t>(der.size()) != at) return error("the pieces of a root come one after the other");
  if (!fields.bytes("der", der)) return error("root needs der, some of a certificate of at most 1500 bytes in base64");
  if (!notes_.write(kNewRoots[place], der.view())) return error("it could not be written down; try again");
  new_roots_ = place + 1;
  has_uncommitted_ = true;
  ok();
  FieldsWriter(answer_.add(' ')).integer("size", static_cast<std::int64_t>(der.size()));
}

void Setup::set_pins(const Fields& fields) {
  FixedText<96> pins;
  FieldsWriter writer(pins);
  std::uint64_t taken = 0;
  std::size_t known = 0, members = 0;
  for (const std::string_view name : kPins) {
    if (!fields.has(name)) continue;
    ++known;
    const auto pin = fields.integer(name);
    if (!pin || *pin < 0 || *pin > kLastPin) return error("a pin is a GPIO number, 0 to 48");
    if ((taken >> *pin & 1U) != 0) return error("two of them are on one pin");
    if (boards_ != nullptr && boards_->needs(staged_.board.view(), static_cast<int>(*pin)))
      return error("the board needs one of these pins itself");
    taken |= std::uint64_t{1} << *pin;
    writer.integer(name, *pin);
  }
  Fields::Member member;
  for (std::size_t at = 0; fields.next(at, member);) ++members;
  if (members != known || known == 0) return error("pins are button1, button2, button3 and motion");
  pins_ = pins;
  has_new_pins_ = has_uncommitted_ = true;
  ok();
}

bool Setup::has_root() const {
  FixedText<kMaxNote> der;
  return new_roots_ > 0 || notes_.read(kRoot1Note, der);
}

bool Setup::are_new_roots_whole() const {
  for (std::size_t i = 0; i < new_roots_; ++i) {
    FixedText<kMaxNote> der;
    if (!notes_.read(kNewRoots[i], der) || !is_whole_certificate(der.view())) return false;
  }
  return true;
}

/// The new roots take the place of all there were.
bool Setup::write_roots() {
  if (new_roots_ == 0) return true;
  for (std::size_t i = 0; i < 2; ++i) {
    FixedText<kMaxNote> der;
    if (i < new_roots_ && !notes_.read(kNewRoots[i], der)) return false;
    if (!notes_.write(kRoots[i], der.view())) return false;
  }
  for (const std::string_view name : kNewRoots) notes_.write(name, "");
  new_roots_ = 0;
  wants_restart_ = true;
  return true;
}

void Setup::tell(const SetupFacts& facts) {
  ok();
  FieldsWriter writer(answer_.add(' '));
  writer.string("id", staged_.id.view()).string("board", staged_.board.view());
  writer.string("firmware", facts.firmware).string("sensor", facts.sensor).string("machine", facts.machine);
  writer.integer("networks", static_cast<std::int64_t>(staged_.network_count));
  writer.string("server", staged_.url.view()).boolean("has_key", !staged_.key.is_empty());
  writer.boolean("has_root", has_root());
  if (facts.is_joining) writer.boolean("joining", true);
  if (!facts.key_end.empty()) writer.string("key_end", facts.key_end);
  if (!facts.at.empty()) writer.string("at", facts.at);
  if (!facts.sensor_fault.empty()) writer.string("sensor_fault", facts.sensor_fault);
  writer.boolean("online", facts.is_online).boolean("uncommitted", has_uncommitted_);
  writer.integer("kept", static_cast<std::int64_t>(facts.kept));
  writer.integer("spooled", static_cast<std::int64_t>(facts.spooled));
  if (!facts.last_result.empty()) writer.token("last", facts.last_result);
  if (!pins_.is_empty()) answer_.add(", ").add(pins_.view());
}

void Setup::commit() {
  const auto address = Address::of_archive(staged_.url.view());
  if (address && address->is_tls() && !has_root())
    return error("an https address needs its root certificate: say root first");
  if (!are_new_roots_whole()) return error("a root is not a whole certificate: say it again from at=0");
  if (!staged_.write(notes_) || (has_new_pins_ && !notes_.write(kPinsNote, pins_.view())) || !write_roots())
    return error("it could not be written down; try again");
  wants_restart_ = wants_restart_ || has_new_pins_;
  has_new_pins_ = has_uncommitted_ = false;
  staged_.forgets_own_key = false;
  was_committed_ = true;
  ok();
}

void Setup::ok() { answer_.add("ok"); }

void Setup::error(std::string_view why) { answer_.add("error reason=\"").add(why).add('"'); }

}  // namespace camera
