// What a person sets up once: the networks, the archive and its key, the camera's name and board. Kept in three notes.
#pragma once

#include <cstddef>
#include <string_view>

#include "Address.h"
#include "Notes.h"
#include "Request.h"
#include "Text.h"

namespace camera {

struct Network {
  FixedText<32> ssid;
  FixedText<63> password;  // empty: an open network
};

struct Installation {
  static constexpr std::size_t kMaxNetworks = 4;

  Network networks[kMaxNetworks];  // the one named last comes first
  std::size_t network_count = 0;
  FixedText<192> url;
  FixedText<kMaxKey> key;
  FixedText<32> id;
  FixedText<32> board;

  /// What the notes say; what they do not say is empty.
  void read(Notes& notes);

  /// False: not all of it is durable.
  bool write(Notes& notes) const;

  /// Remembers a network, in place of one of that name or of the oldest. False: none can be called so.
  bool add_network(std::string_view ssid, std::string_view password);

  /// False: no such address, or no such key, and as before. An empty key is none.
  bool set_url(std::string_view new_url);
  bool set_key(std::string_view new_key);

  /// False: a camera's id is 1 to 32 of a-z, 0-9, `-` and `_`, no sign first.
  bool set_id(std::string_view new_id);

  bool is_complete() const { return network_count > 0 && !url.is_empty(); }
};

}  // namespace camera
