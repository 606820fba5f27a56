// Which faults the twin's wire shall have, read from one line in the grammar of the contract's fields.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace camera {

/// `cut=3000, lose, rate=1`: all of these at once, on every connection. With `mix`, each connection draws one of them;
/// with `chance=200`, only 200 of a thousand connections have any. `seed` makes both repeatable.
struct WireFaults {
  std::optional<std::uint64_t> cut;         // breaks the connection after this many bytes of requests
  std::optional<std::uint64_t> cut_within;  // likewise, after a number drawn from 0 to this
  bool lose = false;                        // the request arrives, its answer does not
  bool duplicate = false;                   // the request arrives a second time, once it is answered
  bool reorder = false;                     // the request before arrives once more after this one
  bool black_hole = false;                  // nothing arrives, nothing comes, nothing breaks
  bool portal = false;                      // a page to log in at, for every request
  bool warning = false;                     // a tunnel's page in its place, behind which the connection stays open
  std::uint32_t redirect = 0;               // 307 or 308: every request is sent on to another name of the same machine
  std::uint32_t idle_cut = 0;               // ms without a byte either way, after which the connection is cut; 0: never
  std::uint32_t buffer = 0;                 // ms that an answer waits behind the last byte of its request
  bool refuse = false;                      // no connection comes about
  std::uint32_t rate = 0;                   // bytes a second each way; 0: no limit
  std::uint32_t chance = 1000;
  bool mix = false;
  std::uint32_t seed = 1;

  bool is_any() const {
    return cut || cut_within || lose || duplicate || reorder || black_hole || portal || warning || refuse || rate != 0 ||
           redirect != 0 || idle_cut != 0 || buffer != 0;
  }
};

/// Nothing when the text is no dictionary, or names a fault that there is not.
std::optional<WireFaults> read_wire_faults(std::string_view text);

}  // namespace camera
