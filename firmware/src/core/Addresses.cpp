#include "Addresses.h"

#include "Address.h"
#include "Fields.h"

namespace camera {
namespace {

constexpr std::string_view kNote = "addresses";

bool is_tls(std::string_view url) {
  const auto address = Address::of_archive(url);
  return address && address->is_tls();
}

}  // namespace

void Addresses::begin(std::string_view set_up, std::uint64_t now_ms) {
  for (Url* const told : {&set_up_, &local_, &public_, &proven_}) told->clear();
  set_up_.add(set_up);
  network_.clear();
  has_network_ = is_looking_ = false;
  version_ = 0;
  left_ms_ = now_ms;
  at_ = Place::SetUp;
  failures_ = given_up_ = 0;
  FixedText<kMaxNote> note;
  if (!notes_.read(kNote, note)) return;
  const Fields fields(note.view());
  Url of;
  if (!fields.string("of", of) || of.view() != set_up) return;
  const auto number = [&fields](std::string_view key) {
    const auto value = fields.integer(key).value_or(0);
    return static_cast<std::uint64_t>(value > 0 ? value : 0);
  };
  version_ = number("version");
  fields.string("local", local_);
  fields.string("public", public_);
  has_network_ = fields.string("network", network_);
  if (number("left") < now_ms) left_ms_ = number("left");  // else of another boot: as if it were now
  if (fields.string("proven", proven_)) at_ = Place::Proven;
}

bool Addresses::enter(std::string_view network, std::uint64_t now_ms) {
  if (!is_allowed(at_, network)) {
    at_ = Place::SetUp;
    failures_ = 0;
    return true;
  }
  if (at_ != Place::Proven || now_ms - left_ms_ < kAwayMs) return false;
  // Written down first: who falls asleep on the way home begins at the proven one again.
  left_ms_ = now_ms;
  write();
  at_ = Place::SetUp;
  is_looking_ = true;
  return true;
}

void Addresses::offer(std::string_view field, std::string_view network) {
  const Fields fields(field);
  const std::int64_t version = fields.integer("version").value_or(0);
  if (version <= 0 || static_cast<std::uint64_t>(version) == version_) return;
  Url local, outside;
  if (fields.has("public") && !(fields.string("public", outside) && is_tls(outside.view()))) return;
  if (fields.has("local") && !(fields.string("local", local) && Address::of_archive(local.view()))) return;
  if (is_tls(set_up_.view()) && !is_tls(local.view())) local.clear();

  const Url local_before = local_, public_before = public_;
  const FixedText<32> network_before = network_;
  const bool had_network = has_network_;
  const std::uint64_t version_before = version_;
  const bool is_met_here = !is_tls(current());
  if (is_met_here) {
    network_.clear();
    network_.add(network);
  }
  has_network_ = is_met_here || (has_network_ && local.view() == local_.view());
  local_ = local;
  public_ = outside;
  version_ = static_cast<std::uint64_t>(version);
  if (write()) return;
  local_ = local_before;
  public_ = public_before;
  network_ = network_before;
  has_network_ = had_network;
  version_ = version_before;
}

bool Addresses::sent(SendResult result, std::string_view network, std::uint64_t now_ms, bool is_hurried) {
  if (result == SendResult::Kept) {
    kept(now_ms);
    return false;
  }
  if (at_ == Place::SetUp && result.is_the_archives_word()) {
    failures_ = given_up_ = 0;
    return false;
  }
  // At a told address anybody may answer, so there nothing counts but `kept`.
  if (failures_++ == 0) failing_ms_ = now_ms;
  const bool is_patient = !is_hurried && !is_looking_;
  if (is_patient && (failures_ < kFailures || now_ms - failing_ms_ < kPatienceMs)) return false;
  return move_on(network);
}

void Addresses::kept(std::uint64_t now_ms) {
  failures_ = given_up_ = 0;
  is_looking_ = false;
  if (at_ == Place::SetUp) {
    if (proven_.is_empty()) return;
    proven_.clear();
    write();  // else the next start begins at the other one, and finds back
    return;
  }
  if (current() != proven_.view()) {
    const Url here = at_ == Place::Local ? local_ : public_;
    proven_ = here;
    left_ms_ = now_ms;
    write();
  }
  at_ = Place::Proven;
}

bool Addresses::move_on(std::string_view network) {
  usable_ = 0;
  for (unsigned place = 0; place < kPlaces; ++place)
    if (has_turn(static_cast<Place>(place), network)) ++usable_;
  const std::string_view failed = current();
  for (unsigned step = 1; step < kPlaces; ++step) {
    const auto next = static_cast<Place>((static_cast<unsigned>(at_) + step) % kPlaces);
    if (!has_turn(next, network) || url(next) == failed) continue;
    at_ = next;
    failures_ = 0;
    ++given_up_;
    if (url(next) == proven_.view()) is_looking_ = false;
    return true;
  }
  return false;
}

std::string_view Addresses::url(Place place) const {
  switch (place) {
    case Place::SetUp:
      return set_up_.view();
    case Place::Local:
      return local_.view();
    case Place::Public:
      return public_.view();
    case Place::Proven:
      return proven_.view();
  }
  return {};
}

bool Addresses::is_allowed(Place place, std::string_view network) const {
  if (place == Place::SetUp || is_tls(url(place))) return true;
  return has_network_ && network == network_.view() && !is_tls(set_up_.view());
}

/// Whether it comes up in a round: each address once.
bool Addresses::has_turn(Place place, std::string_view network) const {
  if (url(place).empty() || !is_allowed(place, network)) return false;
  for (unsigned before = 0; before < static_cast<unsigned>(place); ++before)
    if (url(static_cast<Place>(before)) == url(place)) return false;
  return true;
}

bool Addresses::write() const {
  FixedText<kMaxNote> note;
  FieldsWriter writer(note);
  writer.string("of", set_up_.view()).integer("version", static_cast<std::int64_t>(version_));
  if (!local_.is_empty()) writer.string("local", local_.view());
  if (!public_.is_empty()) writer.string("public", public_.view());
  if (has_network_) writer.text("network", network_.view());
  if (!proven_.is_empty()) writer.string("proven", proven_.view());
  writer.integer("left", static_cast<std::int64_t>(left_ms_));
  return writer.is_whole() && notes_.write(kNote, note.view());
}

}  // namespace camera
