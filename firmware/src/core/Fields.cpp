#include "Fields.h"

namespace camera {
namespace {

constexpr bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }
constexpr bool is_lower(char letter) { return letter >= 'a' && letter <= 'z'; }
constexpr bool is_upper(char letter) { return letter >= 'A' && letter <= 'Z'; }
constexpr bool is_printable(char letter) { return letter >= ' ' && letter <= '~'; }
constexpr bool is_lower_hex(char letter) { return is_digit(letter) || (letter >= 'a' && letter <= 'f'); }

constexpr bool is_in(std::string_view set, char letter) { return set.find(letter) != std::string_view::npos; }

constexpr bool begins_key(char letter) { return is_lower(letter) || letter == '*'; }
constexpr bool is_in_key(char letter) { return begins_key(letter) || is_digit(letter) || is_in("_-.", letter); }

constexpr bool begins_token(char letter) { return is_lower(letter) || is_upper(letter) || letter == '*'; }
constexpr bool is_in_token(char letter) {
  return begins_token(letter) || is_digit(letter) || is_in(":/!#$%&'+-.^_`|~", letter);
}

constexpr bool is_in_base64(char letter) {
  return is_lower(letter) || is_upper(letter) || is_digit(letter) || is_in("+/=", letter);
}

constexpr unsigned hex_value(char letter) {
  return static_cast<unsigned>(is_digit(letter) ? letter - '0' : letter - 'a' + 10);
}

constexpr unsigned base64_value(char letter) {
  if (is_upper(letter)) return static_cast<unsigned>(letter - 'A');
  if (is_lower(letter)) return static_cast<unsigned>(letter - 'a' + 26);
  if (is_digit(letter)) return static_cast<unsigned>(letter - '0' + 52);
  return letter == '+' ? 62 : 63;
}

constexpr std::int64_t kMaxInteger = 999'999'999'999'999;

/// Walks over a text by the grammar of RFC 9651, 4.2; every function is false when the text is not what it names.
class Scanner {
 public:
  Scanner(std::string_view text, std::size_t at) : text_(text), at_(at) {}

  std::size_t at() const { return at_; }
  bool is_at_end() const { return at_ == text_.size(); }

  void skip_spaces() {
    while (peek() == ' ') ++at_;
  }

  /// The end, or a comma with a member behind it.
  bool separator() {
    skip_blanks();
    if (is_at_end()) return true;
    if (!take(',')) return false;
    skip_blanks();
    return !is_at_end();
  }

  bool member(Fields::Member& member) {
    if (!key(member.key)) return false;
    if (take('=')) return peek() == '(' ? inner_list(member) : bare_item(member) && parameters();
    member.kind = Fields::Kind::Boolean;
    member.number = 1;
    member.text = {};
    return parameters();
  }

 private:
  // Outside the text stands a NUL, which nothing in the grammar allows.
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  bool take(char letter) {
    if (is_at_end() || text_[at_] != letter) return false;
    ++at_;
    return true;
  }

  void skip_blanks() {
    while (peek() == ' ' || peek() == '\t') ++at_;
  }

  bool key(std::string_view& key) {
    if (!begins_key(peek())) return false;
    const std::size_t begin = at_;
    while (is_in_key(peek())) ++at_;
    key = text_.substr(begin, at_ - begin);
    return true;
  }

  bool parameters() {
    while (take(';')) {
      skip_spaces();
      std::string_view name;
      Fields::Member value;
      if (!key(name) || (take('=') && !bare_item(value))) return false;
    }
    return true;
  }

  bool inner_list(Fields::Member& member) {
    member.kind = Fields::Kind::InnerList;
    member.number = 0;
    member.text = {};
    ++at_;
    while (true) {
      skip_spaces();
      if (take(')')) return parameters();
      Fields::Member item;
      if (!bare_item(item) || !parameters()) return false;
      if (peek() != ' ' && peek() != ')') return false;
    }
  }

  bool bare_item(Fields::Member& member) {
    member.number = 0;
    member.text = {};
    const char first = peek();
    if (first == '-' || is_digit(first)) return number(member);
    if (first == '"') return string(member);
    if (begins_token(first)) return token(member);
    if (first == ':') return bytes(member);
    if (first == '?') return boolean(member);
    if (first == '@') return date(member);
    if (first == '%') return display_string(member);
    return false;
  }

  bool number(Fields::Member& member) {
    const bool is_negative = take('-');
    if (!is_digit(peek())) return false;
    std::int64_t value = 0;
    std::size_t digits = 0;
    for (; is_digit(peek()); ++at_) {
      if (++digits > 15) return false;
      value = value * 10 + (peek() - '0');
    }
    member.kind = Fields::Kind::Integer;
    if (take('.')) {
      if (digits > 12 || !is_digit(peek())) return false;
      member.kind = Fields::Kind::Decimal;
      std::size_t places = 0;
      for (; is_digit(peek()); ++at_) {
        if (++places > 3) return false;
        value = value * 10 + (peek() - '0');
      }
      for (; places < 3; ++places) value *= 10;
    }
    member.number = is_negative ? -value : value;
    return true;
  }

  bool string(Fields::Member& member) {
    const std::size_t begin = ++at_;
    for (; !is_at_end(); ++at_) {
      const char letter = text_[at_];
      if (letter == '"') {
        member.kind = Fields::Kind::String;
        member.text = text_.substr(begin, at_ - begin);
        ++at_;
        return true;
      }
      if (!is_printable(letter)) return false;
      if (letter == '\\' && peek(1) != '"' && peek(1) != '\\') return false;
      if (letter == '\\') ++at_;
    }
    return false;
  }

  bool token(Fields::Member& member) {
    const std::size_t begin = at_;
    while (is_in_token(peek())) ++at_;
    member.kind = Fields::Kind::Token;
    member.text = text_.substr(begin, at_ - begin);
    return true;
  }

  bool bytes(Fields::Member& member) {
    const std::size_t begin = ++at_;
    while (is_in_base64(peek())) ++at_;
    member.kind = Fields::Kind::Bytes;
    member.text = text_.substr(begin, at_ - begin);
    return take(':');
  }

  bool boolean(Fields::Member& member) {
    ++at_;
    member.kind = Fields::Kind::Boolean;
    member.number = peek() == '1' ? 1 : 0;
    return take('1') || take('0');
  }

  bool date(Fields::Member& member) {
    ++at_;
    if (!number(member) || member.kind != Fields::Kind::Integer) return false;
    member.kind = Fields::Kind::Date;
    return true;
  }

  bool display_string(Fields::Member& member) {
    ++at_;
    if (!take('"')) return false;
    const std::size_t begin = at_;
    for (; !is_at_end(); ++at_) {
      const char letter = text_[at_];
      if (letter == '"') {
        member.kind = Fields::Kind::DisplayString;
        member.text = text_.substr(begin, at_ - begin);
        ++at_;
        return true;
      }
      if (!is_printable(letter)) return false;
      if (letter != '%') continue;
      if (!is_lower_hex(peek(1)) || !is_lower_hex(peek(2))) return false;
      at_ += 2;
    }
    return false;
  }

  std::string_view text_;
  std::size_t at_;
};

}  // namespace

Fields::Fields(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  Scanner scanner(text, 0);
  Member member;
  while (!scanner.is_at_end()) {
    if (!scanner.member(member) || !scanner.separator()) return;
  }
  text_ = text;
  is_valid_ = true;
}

bool Fields::next(std::size_t& at, Member& member) const {
  if (at >= text_.size()) return false;
  Scanner scanner(text_, at);
  const bool is_read = scanner.member(member) && scanner.separator();
  at = scanner.at();
  return is_read;
}

std::optional<Fields::Member> Fields::find(std::string_view key) const {
  std::optional<Member> found;
  Member member;
  for (std::size_t at = 0; next(at, member);) {
    if (member.key == key) found = member;
  }
  return found;
}

std::optional<std::int64_t> Fields::integer(std::string_view key) const {
  const auto member = find(key);
  if (!member || member->kind != Kind::Integer) return std::nullopt;
  return member->number;
}

std::optional<bool> Fields::boolean(std::string_view key) const {
  const auto member = find(key);
  if (!member || member->kind != Kind::Boolean) return std::nullopt;
  return member->number != 0;
}

std::optional<std::string_view> Fields::token(std::string_view key) const {
  const auto member = find(key);
  if (!member || member->kind != Kind::Token) return std::nullopt;
  return member->text;
}

bool Fields::string(std::string_view key, Text& out) const {
  const auto member = find(key);
  if (!member || !out.is_whole()) return false;
  const bool is_display = member->kind == Kind::DisplayString;
  if (!is_display && member->kind != Kind::String) return false;
  const std::size_t before = out.size();
  const std::string_view text = member->text;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (is_display && text[at] == '%') {  // the grammar promises two digits behind it, and a letter behind a backslash
      out.add(static_cast<char>(hex_value(text[at + 1]) << 4 | hex_value(text[at + 2])));
      at += 2;
      continue;
    }
    if (!is_display && text[at] == '\\') ++at;
    out.add(text[at]);
  }
  if (out.is_whole()) return true;
  out.cut(before);
  return false;
}

bool Fields::bytes(std::string_view key, Text& out) const {
  const auto member = find(key);
  if (!member || member->kind != Kind::Bytes || !out.is_whole()) return false;
  std::string_view letters = member->text;
  if (letters.size() % 4 != 0) return false;
  while (!letters.empty() && letters.back() == '=' && member->text.size() - letters.size() < 2) letters.remove_suffix(1);
  const std::size_t before = out.size();
  std::uint32_t held = 0;
  unsigned count = 0;
  bool is_base64 = true;
  for (const char letter : letters) {
    is_base64 = is_base64 && letter != '=';
    held = held << 6 | base64_value(letter);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out.add(static_cast<char>(held >> count & 0xFF));
  }
  if (is_base64 && out.is_whole()) return true;
  out.cut(before);
  return false;
}

FieldsWriter& FieldsWriter::integer(std::string_view key, std::int64_t value) {
  if (!begin(key)) return *this;
  out_.add_signed(value);
  return end(value >= -kMaxInteger && value <= kMaxInteger);
}

FieldsWriter& FieldsWriter::decimal(std::string_view key, std::int64_t thousandths) {
  if (!begin(key)) return *this;
  const bool is_carried = thousandths >= -kMaxInteger && thousandths <= kMaxInteger;
  if (!is_carried) return end(false);
  const auto size = static_cast<std::uint64_t>(thousandths < 0 ? -thousandths : thousandths);
  if (thousandths < 0) out_.add('-');
  out_.add_number(size / 1000).add('.');
  const std::uint64_t part = size % 1000;
  out_.add(static_cast<char>('0' + part / 100));
  if (part % 100 != 0) out_.add(static_cast<char>('0' + part / 10 % 10));
  if (part % 10 != 0) out_.add(static_cast<char>('0' + part % 10));
  return end(true);
}

FieldsWriter& FieldsWriter::boolean(std::string_view key, bool value) {
  if (!begin(key)) return *this;
  if (value) {
    out_.cut(out_.size() - 1);  // the canonical form of a truth is the key alone
  } else {
    out_.add("?0");
  }
  return end(true);
}

FieldsWriter& FieldsWriter::string(std::string_view key, std::string_view value) {
  if (!begin(key)) return *this;
  out_.add('"');
  for (const char letter : value) {
    if (letter == '"' || letter == '\\') out_.add('\\');
    out_.add(is_printable(letter) ? letter : '?');
  }
  out_.add('"');
  return end(true);
}

FieldsWriter& FieldsWriter::text(std::string_view key, std::string_view value) {
  bool is_plain = true;
  for (const char letter : value) is_plain = is_plain && is_printable(letter);
  if (is_plain) return string(key, value);
  if (!begin(key)) return *this;
  out_.add("%\"");
  for (const char letter : value) {
    if (is_printable(letter) && letter != '%' && letter != '"') {
      out_.add(letter);
    } else {
      constexpr std::string_view kDigits = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(letter);
      out_.add('%').add(kDigits[byte >> 4]).add(kDigits[byte & 0xF]);
    }
  }
  out_.add('"');
  return end(true);
}

FieldsWriter& FieldsWriter::token(std::string_view key, std::string_view value) {
  if (!begin(key)) return *this;
  bool is_carried = !value.empty() && begins_token(value.front());
  for (const char letter : value) is_carried = is_carried && is_in_token(letter);
  out_.add(value);
  return end(is_carried);
}

FieldsWriter& FieldsWriter::bytes(std::string_view key, Bytes value) {
  if (!begin(key)) return *this;
  out_.add(':').add_base64(value.data, value.size).add(':');
  return end(true);
}

FieldsWriter& FieldsWriter::hex(std::string_view key, std::uint64_t value) {
  if (!begin(key)) return *this;
  out_.add('"').add_hex(value).add('"');
  return end(true);
}

bool FieldsWriter::begin(std::string_view key) {
  bool is_carried = out_.is_whole() && !key.empty() && begins_key(key.front());
  for (const char letter : key) is_carried = is_carried && is_in_key(letter);
  if (!is_carried) {
    is_whole_ = false;
    return false;
  }
  member_ = out_.size();
  if (member_ > start_) out_.add(", ");
  out_.add(key).add('=');
  return true;
}

FieldsWriter& FieldsWriter::end(bool is_carried) {
  if (is_carried && out_.is_whole()) return *this;
  out_.cut(member_);
  is_whole_ = false;
  return *this;
}

}  // namespace camera
