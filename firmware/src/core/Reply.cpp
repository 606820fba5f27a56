#include "Reply.h"

#include "Contract.h"

namespace camera {
namespace {

constexpr char lower(char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter; }
constexpr bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

bool is_same(std::string_view one, std::string_view other) {
  if (one.size() != other.size()) return false;
  for (std::size_t at = 0; at < one.size(); ++at) {
    if (lower(one[at]) != lower(other[at])) return false;
  }
  return true;
}

/// RFC 9110, 5.6.2: what a field's name is made of.
constexpr bool is_in_name(char letter) {
  return (lower(letter) >= 'a' && lower(letter) <= 'z') || is_digit(letter) ||
         std::string_view("!#$%&'*+-.^_`|~").find(letter) != std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Whether one of the comma-separated words of `list` is `word`.
bool lists(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (is_same(trimmed(list.substr(0, comma)), word)) return true;
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  return false;
}

/// Digits alone; what is above `at_most` is `at_most`.
std::optional<std::uint64_t> read_number(std::string_view text, std::uint64_t at_most) {
  if (text.empty()) return std::nullopt;
  std::uint64_t number = 0;
  for (const char letter : text) {
    if (!is_digit(letter)) return std::nullopt;
    number = number * 10 + static_cast<std::uint64_t>(letter - '0');
    if (number > at_most) number = at_most;
  }
  return number;
}

constexpr std::uint64_t kMaxLength = std::uint64_t{1} << 53;
constexpr std::uint64_t kMaxRetryS = 999'999'999;

/// Days from 1970-01-01 in the Gregorian calendar; March begins the year, so that the leap day is its last.
constexpr std::int64_t days_since_1970(std::int64_t year, std::int64_t month, std::int64_t day) {
  const std::int64_t years = month <= 2 ? year - 1 : year;
  const std::int64_t months = (month + 9) % 12;
  return years * 365 + years / 4 - years / 100 + years / 400 + (months * 306 + 5) / 10 + day - 1 - 719'468;
}
static_assert(days_since_1970(1970, 1, 1) == 0 && days_since_1970(2000, 3, 1) == 11'017);

}  // namespace

Reply::State Reply::take(std::uint8_t byte) {
  if (state_ != State::Incomplete) return state_;
  if (++taken_ > kMaxHead) return state_ = State::Malformed;
  const char letter = static_cast<char>(byte);
  if (letter == '\n') {
    has_carriage_return_ = false;
    return state_ = end_line();
  }
  // A carriage return stands before a line feed or nowhere, and a NUL nowhere: what parsers disagree on is no answer.
  if (has_carriage_return_ || letter == '\0') return state_ = State::Malformed;
  if (letter == '\r') {
    has_carriage_return_ = true;
    return state_;
  }
  // The status line is told from rubbish at once, so that a peer which speaks something else is not waited for.
  static constexpr std::string_view kProtocol = "HTTP/1.";
  if (status_ == 0 && line_.size() < kProtocol.size() && letter != kProtocol[line_.size()]) {
    return state_ = State::Malformed;
  }
  line_.add(letter);
  return state_;
}

Reply::State Reply::end_line() {
  const bool fits = line_.is_whole();
  const std::string_view line = line_.view();
  State state = State::Incomplete;
  if (status_ == 0) {
    if (!read_status_line(line)) state = State::Malformed;
  } else if (line.empty()) {
    state = end_head();
  } else if (fits && !read_field(line)) {  // a line longer than any of ours says nothing to us
    state = State::Malformed;
  }
  line_.clear();
  return state;
}

bool Reply::read_status_line(std::string_view line) {
  // HTTP/1.1 201 Created
  if (line.size() < 12 || !is_digit(line[7]) || line[8] != ' ') return false;
  if (line.size() > 12 && line[12] != ' ') return false;
  const auto status = read_number(line.substr(9, 3), 999);
  if (!status || *status < 100 || *status > 599) return false;
  status_ = static_cast<std::uint16_t>(*status);
  is_persistent_ = line[7] != '0';
  return true;
}

bool Reply::read_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == 0 || colon == std::string_view::npos) return false;
  const std::string_view name = line.substr(0, colon);
  for (const char letter : name) {
    if (!is_in_name(letter)) return false;
  }
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (is_same(name, kFrameField)) {
    add(frame_, value);
  } else if (is_same(name, kReportField)) {
    add(report_, value);
  } else if (is_same(name, kSettingsField)) {
    add(settings_, value);
  } else if (is_same(name, kClockField)) {
    add(clock_, value);
  } else if (is_same(name, kAddressField)) {
    add(addresses_, value);
  } else if (is_same(name, kKeyField)) {
    add(key_, value);
  } else if (is_same(name, "Location")) {
    location_.clear();
    location_.add(value);
  } else if (is_same(name, "Retry-After")) {
    retry_after_.clear();
    retry_after_.add(value);
  } else if (is_same(name, "Date")) {
    date_.clear();
    date_.add(value);
  } else if (is_same(name, "Connection")) {
    if (lists(value, "close")) is_persistent_ = false;
  } else if (is_same(name, "Transfer-Encoding")) {
    is_chunked_ = true;
  } else if (is_same(name, "Content-Length")) {
    const auto length = read_number(value, kMaxLength);
    if (!length || (length_ && *length_ != *length)) has_bad_length_ = true;
    length_ = length;
  }
  return true;
}

Reply::State Reply::end_head() {
  if (status_ == 101) return State::Malformed;  // nobody asked for another protocol
  if (status_ >= 200) return State::Answered;
  forget_head();
  return State::Incomplete;
}

void Reply::clear() {
  forget_head();
  state_ = State::Incomplete;
  taken_ = 0;
  has_carriage_return_ = false;
  line_.clear();
}

void Reply::forget_head() {
  status_ = 0;
  is_persistent_ = false;
  is_chunked_ = false;
  has_bad_length_ = false;
  length_.reset();
  frame_.clear();
  report_.clear();
  settings_.clear();
  clock_.clear();
  addresses_.clear();
  key_.clear();
  location_.clear();
  retry_after_.clear();
  date_.clear();
}

void Reply::add(Text& to, std::string_view value) {
  if (!to.is_empty()) to.add(", ");
  to.add(value);
}

std::uint64_t Reply::retry_after_ms(std::optional<std::uint64_t> unix_ms) const {
  const std::string_view text = usable(retry_after_);
  if (const auto seconds = read_number(text, kMaxRetryS)) return *seconds * 1000;
  const auto until_s = read_http_date(text);
  if (!until_s) return 0;
  std::int64_t now_s;
  if (const auto date_s = read_http_date(usable(date_))) {
    now_s = *date_s;
  } else if (unix_ms) {
    now_s = static_cast<std::int64_t>(*unix_ms / 1000);
  } else {
    return 0;
  }
  return *until_s > now_s ? static_cast<std::uint64_t>(*until_s - now_s) * 1000 : 0;
}

std::optional<std::uint64_t> Reply::body_before_next() const {
  if (!is_persistent_ || is_chunked_ || has_bad_length_) return std::nullopt;
  if (status_ == 204 || status_ == 304) return 0;
  return length_;
}

std::optional<std::int64_t> read_http_date(std::string_view text) {
  static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  // Sun, 06 Nov 1994 08:49:37 GMT
  if (text.size() != 29 || text[3] != ',' || text[4] != ' ' || text[7] != ' ' || text[11] != ' ' || text[16] != ' ' ||
      text[19] != ':' || text[22] != ':' || text.substr(25) != " GMT") {
    return std::nullopt;
  }
  const std::size_t month = kMonths.find(text.substr(8, 3));
  const auto day = read_number(text.substr(5, 2), 99);
  const auto year = read_number(text.substr(12, 4), 9999);
  const auto hour = read_number(text.substr(17, 2), 99);
  const auto minute = read_number(text.substr(20, 2), 99);
  const auto second = read_number(text.substr(23, 2), 99);
  if (month == std::string_view::npos || month % 3 != 0 || !day || !year || !hour || !minute || !second) {
    return std::nullopt;
  }
  if (*year < 1970 || *day < 1 || *day > 31 || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const std::int64_t days = days_since_1970(static_cast<std::int64_t>(*year), static_cast<std::int64_t>(month / 3) + 1,
                                            static_cast<std::int64_t>(*day));
  return days * 86'400 + static_cast<std::int64_t>(*hour * 3600 + *minute * 60 + *second);
}

}  // namespace camera
