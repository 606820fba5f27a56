// Where the archive takes frames: a URL, read into its parts, and followed where a redirect points.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "Text.h"

namespace camera {

class Address {
 public:
  static constexpr std::size_t kMaxHost = 253;  // of a name in the DNS
  static constexpr std::size_t kMaxTarget = 256;

  /// What a person gives: `http://archive.local:5555`, with or without a path; `/api/frames` is put behind it unless it
  /// ends so. Nothing when it is no such address, or too long.
  static std::optional<Address> of_archive(std::string_view url);

  /// Where `location` of a redirect points, seen from here. Nothing when that is no address.
  std::optional<Address> redirected(std::string_view location) const;

  bool is_tls() const { return is_tls_; }
  std::string_view host() const { return host_.view(); }  // lower case; an IPv6 address without its brackets
  std::uint16_t port() const { return port_; }
  std::string_view target() const { return target_.view(); }  // path and query, as the request line has it

  /// Adds what the `Host` field says.
  void write_host(Text& out) const;

  /// The same archive's place for reports; nothing where the target is not the one for frames, as after some redirects.
  std::optional<Address> for_reports() const;

  bool is_same_place(const Address& other) const {
    return is_tls_ == other.is_tls_ && port_ == other.port_ && host() == other.host();
  }

  /// Whether a key meant for this address may go to `other`: to the same host, and never from TLS into the clear.
  bool may_share_key_with(const Address& other) const { return host() == other.host() && (!is_tls_ || other.is_tls_); }

 private:
  bool read_authority(std::string_view text);
  bool set_target(std::string_view text);

  bool is_tls_ = false;
  std::uint16_t port_ = 80;
  FixedText<kMaxHost> host_;
  FixedText<kMaxTarget> target_;
};

}  // namespace camera
