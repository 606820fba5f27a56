// Reads the vectors that the Python tests share: JSON, trusted, kept in the order written.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace camera::testing {

class Json {
 public:
  enum class Kind { Null, Boolean, Number, String, Array, Object };

  static Json read_file(const std::string& path) {
    std::string text;
    std::FILE* file = std::fopen(path.c_str(), "rb");
    if (file == nullptr) fail("cannot open ", path);
    char room[4096];
    for (std::size_t size; (size = std::fread(room, 1, sizeof room, file)) > 0;) text.append(room, size);
    std::fclose(file);
    Reader reader{text, 0};
    return reader.value();
  }

  Kind kind = Kind::Null;
  bool boolean = false;
  std::string text;  // of a string, as UTF-8; of a number, as written
  std::vector<Json> items;
  std::vector<std::pair<std::string, Json>> members;

  bool has(std::string_view key) const { return find(key) != nullptr; }
  const Json& operator[](std::string_view key) const {
    const Json* found = find(key);
    if (found == nullptr) fail("no member ", std::string(key));
    return *found;
  }
  std::int64_t number() const { return std::strtoll(text.c_str(), nullptr, 10); }
  bool is_whole() const { return text.find_first_of(".eE") == std::string::npos; }

 private:
  struct Reader {
    const std::string& text;
    std::size_t at;

    void skip() {
      while (at < text.size() && (text[at] == ' ' || text[at] == '\n' || text[at] == '\r' || text[at] == '\t')) ++at;
    }

    bool take(char letter) {
      skip();
      if (at >= text.size() || text[at] != letter) return false;
      ++at;
      return true;
    }

    void want(char letter) {
      if (!take(letter)) fail("not JSON near ", text.substr(at, 40));
    }

    Json value() {
      Json json;
      skip();
      if (take('{')) {
        json.kind = Kind::Object;
        if (take('}')) return json;
        do {
          std::string key = value().text;
          want(':');
          json.members.emplace_back(std::move(key), value());
        } while (take(','));
        want('}');
      } else if (take('[')) {
        json.kind = Kind::Array;
        if (take(']')) return json;
        do {
          json.items.push_back(value());
        } while (take(','));
        want(']');
      } else if (take('"')) {
        json.kind = Kind::String;
        json.text = string();
      } else {
        const std::size_t begin = at;
        while (at < text.size() && std::string_view(",]} \n\r\t").find(text[at]) == std::string_view::npos) ++at;
        json.text = text.substr(begin, at - begin);
        json.boolean = json.text == "true";
        json.kind = json.text == "null"                           ? Kind::Null
                    : json.text == "true" || json.text == "false" ? Kind::Boolean
                                                                  : Kind::Number;
      }
      return json;
    }

    std::string string() {
      std::string out;
      while (at < text.size() && text[at] != '"') {
        if (text[at] != '\\') {
          out += text[at++];
          continue;
        }
        const char letter = text[at + 1];
        at += 2;
        if (letter != 'u') {
          out += letter == 'n' ? '\n' : letter == 'r' ? '\r' : letter == 't' ? '\t' : letter;
          continue;
        }
        const unsigned long code = std::strtoul(text.substr(at, 4).c_str(), nullptr, 16);
        at += 4;
        if (code < 0x80) {
          out += static_cast<char>(code);
        } else if (code < 0x800) {
          out += static_cast<char>(0xC0 | code >> 6);
          out += static_cast<char>(0x80 | (code & 0x3F));
        } else {
          out += static_cast<char>(0xE0 | code >> 12);
          out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
          out += static_cast<char>(0x80 | (code & 0x3F));
        }
      }
      want('"');
      return out;
    }
  };

  const Json* find(std::string_view key) const {
    for (const auto& member : members) {
      if (member.first == key) return &member.second;
    }
    return nullptr;
  }

  [[noreturn]] static void fail(const char* what, const std::string& where) {
    std::fprintf(stderr, "%s%s\n", what, where.c_str());
    std::abort();
  }
};

}  // namespace camera::testing
