#include "Address.h"

namespace camera {
namespace {

constexpr std::string_view kFramesPath = "/api/frames", kReportsPath = "/api/reports";

constexpr char lower(char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter; }

bool takes_prefix(std::string_view& text, std::string_view prefix) {
  if (text.size() < prefix.size()) return false;
  for (std::size_t at = 0; at < prefix.size(); ++at) {
    if (lower(text[at]) != prefix[at]) return false;
  }
  text.remove_prefix(prefix.size());
  return true;
}

constexpr bool is_in_host(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '-' || letter == '.' ||
         letter == '_';
}

constexpr bool is_in_ipv6(char letter) {
  return (letter >= 'a' && letter <= 'f') || (letter >= '0' && letter <= '9') || letter == ':' || letter == '.';
}

std::string_view up_to(std::string_view text, std::string_view ends) {
  return text.substr(0, text.find_first_of(ends));
}

}  // namespace

std::optional<Address> Address::of_archive(std::string_view url) {
  Address address;
  if (takes_prefix(url, "https://")) {
    address.is_tls_ = true;
  } else if (!takes_prefix(url, "http://")) {
    return std::nullopt;
  }
  const std::string_view authority = up_to(url, "/?#");
  std::string_view path = url.substr(authority.size());
  if (!address.read_authority(authority) || path.find_first_of("?#") != std::string_view::npos) return std::nullopt;
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  const bool is_complete =
      path.size() >= kFramesPath.size() && path.substr(path.size() - kFramesPath.size()) == kFramesPath;
  if (!path.empty() && !address.set_target(path)) return std::nullopt;
  if (!is_complete) address.target_.add(kFramesPath);
  if (!address.target_.is_whole()) return std::nullopt;
  return address;
}

std::optional<Address> Address::for_reports() const {
  Address address = *this;
  const std::size_t size = target_.size();
  if (size < kFramesPath.size() || target().substr(size - kFramesPath.size()) != kFramesPath) return std::nullopt;
  address.target_.cut(size - kFramesPath.size());
  if (!address.target_.add(kReportsPath).is_whole()) return std::nullopt;
  return address;
}

std::optional<Address> Address::redirected(std::string_view location) const {
  Address address;
  std::string_view rest = location;
  bool has_authority = true;
  address.is_tls_ = is_tls_;
  if (takes_prefix(rest, "https://")) {
    address.is_tls_ = true;
  } else if (takes_prefix(rest, "http://")) {
    address.is_tls_ = false;
  } else if (!takes_prefix(rest, "//")) {
    has_authority = false;
  }
  if (has_authority) {
    const std::string_view authority = up_to(rest, "/?#");
    rest.remove_prefix(authority.size());
    if (!address.read_authority(authority)) return std::nullopt;
  } else {
    address.port_ = port_;
    address.host_ = host_;
  }
  rest = up_to(rest, "#");
  if (has_authority && (rest.empty() || rest.front() == '?')) {
    address.target_.add('/');
  } else if (!has_authority && (rest.empty() || rest.front() == '?')) {
    address.target_.add(rest.empty() ? target() : up_to(target(), "?"));
  } else if (!has_authority && rest.front() != '/') {
    // Relative to the folder we are in. A colon before any slash would be another scheme: `mailto:`, `ftp:`.
    if (up_to(rest, "/?").find(':') != std::string_view::npos) return std::nullopt;
    const std::string_view path = up_to(target(), "?");
    address.target_.add(path.substr(0, path.rfind('/') + 1));
  }
  if (!address.set_target(rest)) return std::nullopt;
  return address;
}

void Address::write_host(Text& out) const {
  const bool is_ipv6 = host().find(':') != std::string_view::npos;
  if (is_ipv6) out.add('[');
  out.add(host());
  if (is_ipv6) out.add(']');
  if (port_ != (is_tls_ ? 443 : 80)) out.add(':').add_number(port_);
}

bool Address::read_authority(std::string_view text) {
  std::string_view name;
  if (!text.empty() && text.front() == '[') {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return false;
    name = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
  } else {
    name = up_to(text, ":");
    text.remove_prefix(name.size());
  }
  const bool is_ipv6 = name.data() != nullptr && name.find(':') != std::string_view::npos;
  host_.clear();
  for (const char letter : name) {
    if (!(is_ipv6 ? is_in_ipv6(lower(letter)) : is_in_host(lower(letter)))) return false;
    host_.add(lower(letter));
  }
  if (host_.is_empty() || !host_.is_whole()) return false;
  port_ = is_tls_ ? 443 : 80;
  if (text.empty()) return true;
  if (text.front() != ':') return false;
  text.remove_prefix(1);
  if (text.empty()) return true;
  std::uint32_t port = 0;
  for (const char letter : text) {
    if (letter < '0' || letter > '9') return false;
    port = port * 10 + static_cast<std::uint32_t>(letter - '0');
    if (port > 65535) return false;
  }
  port_ = static_cast<std::uint16_t>(port);
  return port != 0;
}

bool Address::set_target(std::string_view text) {
  for (const char letter : text) {
    if (letter <= ' ' || letter > '~') return false;  // nothing that could break out of the request line
    target_.add(letter);
  }
  return target_.is_whole();
}

}  // namespace camera
