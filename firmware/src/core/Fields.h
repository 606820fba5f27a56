// Dictionaries of RFC 9651: the header fields of the contract, and the lines of the serial port. Read in place, written
// into fixed buffers, and nothing allocated either way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "Bytes.h"
#include "Text.h"

namespace camera {

/// A dictionary as it was received. Keeps a view of the text, which must outlive it.
class Fields {
 public:
  enum class Kind : std::uint8_t { Integer, Decimal, String, Token, Bytes, Boolean, Date, DisplayString, InnerList };

  struct Member {
    std::string_view key;
    Kind kind = Kind::Boolean;
    std::int64_t number = 0;  // Integer, Date: itself. Decimal: in thousandths. Boolean: 0 or 1
    std::string_view text;    // String, DisplayString: between its quotes, still escaped. Token: itself. Bytes: in base64
  };

  /// Reads all of it once: a dictionary that breaks its grammar anywhere has no members at all. An empty text is an
  /// empty dictionary.
  explicit Fields(std::string_view text);

  /// Whether the text keeps to the grammar.
  bool is_valid() const { return is_valid_; }

  /// Where a key stands twice, the last counts, also below.
  std::optional<Member> find(std::string_view key) const;

  bool has(std::string_view key) const { return find(key).has_value(); }

  /// Nothing when the key is missing or is something else; has() tells these apart.
  std::optional<std::int64_t> integer(std::string_view key) const;
  std::optional<bool> boolean(std::string_view key) const;
  std::optional<std::string_view> token(std::string_view key) const;

  /// Adds the string or display string, its escapes undone, to `out`. False, and `out` as before, when the key is
  /// missing, is something else or does not fit. Whether a display string is UTF-8 nobody looks.
  bool string(std::string_view key, Text& out) const;

  /// Adds the bytes to `out`. False, and `out` as before, when the key is missing, is something else, breaks base64 or
  /// does not fit.
  bool bytes(std::string_view key, Text& out) const;

  /// The members one after the other, in the order written, doubles included: `at` begins at 0. False at the end.
  bool next(std::size_t& at, Member& member) const;

 private:
  std::string_view text_;
  bool is_valid_ = false;
};

/// Writes a dictionary, member by member, behind what `out` has already. What cannot be carried (a bad key, a number
/// of more than 15 digits) or does not fit is left out whole.
class FieldsWriter {
 public:
  explicit FieldsWriter(Text& out) : out_(out), start_(out.size()) {}

  FieldsWriter& integer(std::string_view key, std::int64_t value);
  /// In thousandths: 3712 is written 3.712.
  FieldsWriter& decimal(std::string_view key, std::int64_t thousandths);
  FieldsWriter& boolean(std::string_view key, bool value);
  /// What no string can carry (outside printable ASCII) becomes `?`.
  FieldsWriter& string(std::string_view key, std::string_view value);
  /// A string, or where that cannot carry it, a display string: what people name, such as a network, has any letter.
  FieldsWriter& text(std::string_view key, std::string_view value);
  FieldsWriter& token(std::string_view key, std::string_view value);
  FieldsWriter& bytes(std::string_view key, Bytes value);
  /// A boot, as a string of 16 hex digits.
  FieldsWriter& hex(std::string_view key, std::uint64_t value);

  /// False when a member was left out.
  bool is_whole() const { return is_whole_; }

 private:
  bool begin(std::string_view key);
  FieldsWriter& end(bool is_carried);

  Text& out_;
  std::size_t start_;
  std::size_t member_ = 0;  // where the member now written begins
  bool is_whole_ = true;
};

}  // namespace camera
