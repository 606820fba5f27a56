#include "Setup.h"

namespace camera {

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
  const Fields fields(space == std::string_view::npos ? std::string_view() : line.substr(space + 1));
  if (!fields.is_valid()) return error("write members as name=\\\"value\\\", with commas between");
  if (word == "wifi") return set_wifi(fields);
  if (word == "server") return set_server(fields);
  if (word == "camera") return set_camera(fields);
  if (word == "status") return tell(facts);
  if (word == "commit") return commit();
  error("the words are wifi, server, camera, status and commit");
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
  if (!fields.string("url", url)) return error("server needs url, such as http://archive.local:8080");
  if (fields.has("key") && !fields.string("key", key)) return error("key is a string of at most 128 characters");
  if (!staged_.set_server(url.view(), key.view())) return error("this is no address of an archive, or no key");
  has_uncommitted_ = true;
  ok();
}

void Setup::set_camera(const Fields& fields) {
  FixedText<32> id;
  FixedText<32> board;
  const bool has_id = fields.has("id"), has_board = fields.has("board");
  if (!has_id && !has_board) return error("camera needs id or board");
  if (has_board && (!fields.string("board", board) || (is_board_ != nullptr && !is_board_(board.view()))))
    return error("no such board is known to this firmware");
  if (has_id && (!fields.string("id", id) || !staged_.set_id(id.view())))
    return error("an id is 1 to 32 of a-z, 0-9, - and _, a letter or figure first");
  if (has_board) staged_.board = board;
  has_uncommitted_ = true;
  ok();
}

void Setup::tell(const SetupFacts& facts) {
  ok();
  FieldsWriter writer(answer_.add(' '));
  writer.string("id", staged_.id.view()).string("board", staged_.board.view());
  writer.string("firmware", facts.firmware).string("sensor", facts.sensor).string("machine", facts.machine);
  writer.integer("networks", static_cast<std::int64_t>(staged_.network_count));
  writer.string("server", staged_.url.view()).boolean("has_key", !staged_.key.is_empty());
  writer.boolean("online", facts.is_online).boolean("uncommitted", has_uncommitted_);
  writer.integer("kept", static_cast<std::int64_t>(facts.kept));
  writer.integer("spooled", static_cast<std::int64_t>(facts.spooled));
  if (!facts.last_result.empty()) writer.token("last", facts.last_result);
}

void Setup::commit() {
  if (!staged_.write(notes_)) return error("it could not be written down; try again");
  has_uncommitted_ = false;
  was_committed_ = true;
  ok();
}

void Setup::ok() { answer_.add("ok"); }

void Setup::error(std::string_view why) { answer_.add("error reason=\"").add(why).add('"'); }

}  // namespace camera
