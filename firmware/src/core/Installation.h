// What a person sets up once: the networks, the archive and its key, the camera's name and board. Kept in three notes.
// A camera that nobody gave a key draws one of its own, in a fourth, and asks the archive with it to be let in.
#pragma once

#include <cstddef>
#include <string_view>

#include "Address.h"
#include "Notes.h"
#include "Ports.h"
#include "Request.h"
#include "Text.h"

namespace camera {

struct Network {
  FixedText<32> ssid;
  FixedText<63> password;  // empty: an open network
};

struct Installation {
  static constexpr std::size_t kMaxNetworks = 4;
  static constexpr std::size_t kOwnKeyLetters = 4 + 8 + 1 + 43;  // cam_<8 of hex>_<32 random bytes in base64url>

  Network networks[kMaxNetworks];  // the one named last comes first
  std::size_t network_count = 0;
  FixedText<192> url;
  FixedText<kMaxKey> key;             // as somebody gave it
  FixedText<kOwnKeyLetters> own_key;  // as the camera drew it
  bool was_let_in = false;            // with its own
  bool forgets_own_key = false;       // once written
  FixedText<kOwnKeyLetters> next_key;  // drawn to take the place of the one in use, which is good until then
  FixedText<32> id;
  FixedText<32> board;

  /// What the notes say; what they do not say is empty.
  void read(Notes& notes);

  /// False: not all of it is durable.
  bool write(Notes& notes) const;

  /// Remembers a network, in place of one of that name or of the oldest. False: none can be called so.
  bool add_network(std::string_view ssid, std::string_view password);

  /// What the camera shows the archive: the key that it was given, else its own; empty before it drew one.
  std::string_view key_to_show() const { return key.is_empty() ? own_key.view() : key.view(); }

  /// Its last four letters, for its owner to compare, which give nothing away; empty while there is none.
  std::string_view key_end() const;

  /// Draws a key of its own. Only when `random` is truly random, as for a boot. False: what it gave is no key, or the key
  /// could not be made durable, and then there is none: one that a power cut forgets would have to be let in again.
  bool draw_key(Random& random, Notes& notes);

  /// The part of a key that is no secret, by which the archive finds it; empty for a key of another form.
  static std::string_view prefix_of(std::string_view key);

  /// Draws the key that is to be shown next, if none was drawn and not shown yet. False as for draw_key().
  bool draw_next_key(Random& random, Notes& notes);

  /// The archive knows the next key: it takes the place of the one in use. False: not yet, for it is not durable.
  bool take_next_key(Notes& notes);

  /// The archive took what came with the camera's own key.
  void note_let_in(Notes& notes);

  /// False: no such address, or no such key, and as before. An empty key is none, and the next of the camera's own another.
  bool set_url(std::string_view new_url);
  bool set_key(std::string_view new_key);

  /// False: a camera's id is 1 to 32 of a-z, 0-9, `-` and `_`, no sign first.
  bool set_id(std::string_view new_id);

  bool write_server(Notes& notes) const;

  bool is_complete() const { return network_count > 0 && !url.is_empty(); }
};

}  // namespace camera
