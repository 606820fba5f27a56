#include "Camera.h"

#include "Contract.h"

namespace camera {
namespace {

constexpr std::string_view kPendingNote = "pending";
constexpr std::string_view kSensorNote = "sensor";
constexpr std::string_view kAddressNote = "address";
constexpr std::uint64_t kCardPauseMs = 1000;       // between attempts at a card that failed
constexpr std::uint64_t kKeyPauseMs = 60'000;      // between attempts to draw a key
constexpr std::uint64_t kReadPauseMs = 5000;       // between attempts to read from it: three, and a frame is damaged
constexpr std::uint64_t kMemoryOnlyFailures = 5;   // so often, and losses are kept in memory until it works again
constexpr std::uint64_t kClockSlackMs = 2000;      // a clock that is off by less is left alone
constexpr std::uint64_t kLeastSleepMs = 10'000;    // less is not worth a start
constexpr std::uint64_t kCutOffMs = 10 * 60'000;   // without any network
constexpr std::uint64_t kJoinPatienceMs = 30'000;  // with Wi-Fi, before sleeping without having sent
constexpr std::uint64_t kNewsMs = 60'000;           // that a frame may take to carry a loss or a fault, before a report does
constexpr std::uint64_t kSilenceMs = 10 * 60'000;  // without a word to the archive, before a report says that we live
constexpr std::uint64_t kMostFailuresAwake = 3;    // in a row, before sleeping with frames left
constexpr std::uint64_t kFlushPatienceMs = 10'000; // with the card, before starting anew without having stored

}  // namespace

Camera::Camera(const CameraPorts& ports, const CameraMemory& memory, const CameraOptions& options)
    : ports_(ports),
      options_(options),
      boot_(ports.boot_memory),
      ring_(memory.slots, memory.slot_count, memory.ring),
      losses_(ports.files, options.spool_folder != nullptr ? options.spool_folder : "", memory.losses,
              memory.loss_count),
      spool_(ports.files, losses_, options.spool_folder != nullptr ? options.spool_folder : "", memory.spooled,
             memory.frame, options.spool_limits),
      taker_(ports.source, ports.log),
      uplink_(ports.transport, ports.clock, ports.random),
      trial_(ports.notes, ports.log),
      addresses_(ports.notes) {}

void Camera::begin() {
  begun_ms_ = told_ms_ = up_ms_ = ports_.clock.now_ms();
  reports_ = boot_.next_report();
  open_spool();
  for (std::uint32_t i = 0; i < boot_.carried(); ++i) {
    const Loss& loss = boot_.carried_at(i);
    losses_.mark(loss.boot, loss.from, loss.to, loss.reason);
  }
  if (losses_.commit() && !losses_.is_memory_only()) boot_.put_down();
  trial_.begin(begun_ms_);
  publish_settings();
  restarts_for_sensor_ = options_.machine_restarts_for_sensor;
  taker_.begin(restarts_for_sensor_);
  install();
}

void Camera::install() {
  installation_.read(ports_.notes);
  let_go();
  standing_ = !installation_.key.is_empty() || installation_.was_let_in ? Standing::In : Standing::Unknown;
  addresses_.begin(installation_.url.view(), ports_.clock.now_ms());
  use_address();
  ladder_.begin(installation_.network_count, ports_.clock.now_ms());
}

/// From here on requests begin at the address that is current.
void Camera::use_address() {
  if (addresses_.current().empty()) return;
  uplink_.set_server(addresses_.current(), installation_.key_to_show());
  recall_address();
}

/// The name of the network that the camera is in, or tries to be.
std::string_view Camera::network() const { return installation_.networks[ladder_.network()].ssid.view(); }

/// The numbers that the archive answered from last, for a start at which nobody answers for its name.
void Camera::recall_address() {
  noted_address_ = IpAddress();
  FixedText<kMaxNote> note;
  const auto server = Address::of_archive(addresses_.current());
  if (!server || !ports_.notes.read(kAddressNote, note)) return;
  const Fields fields(note.view());
  FixedText<Address::kMaxHost> host;
  FixedText<16> bytes;
  if (!fields.string("host", host) || host.view() != server->host() || !fields.bytes("ip", bytes)) return;
  if (bytes.size() != 4 && bytes.size() != 16) return;
  noted_address_.size = static_cast<std::uint8_t>(bytes.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) noted_address_.bytes[i] = static_cast<std::uint8_t>(bytes.view()[i]);
  noted_address_.scope = static_cast<std::uint32_t>(fields.integer("scope").value_or(0));
  uplink_.remember(noted_address_);
}

/// Written down when it is another one, which is seldom.
void Camera::note_address() {
  const IpAddress& address = uplink_.last_good();
  if (address.size == 0 || address == noted_address_) return;
  const auto server = Address::of_archive(addresses_.current());
  if (!server) return;
  FixedText<kMaxNote> note;
  FieldsWriter(note).string("host", server->host()).bytes("ip", Bytes{address.bytes.data(), address.size}).integer("scope", address.scope);
  if (ports_.notes.write(kAddressNote, note.view())) noted_address_ = address;
}

// -- taking -----------------------------------------------------------------------------------------------------------

void Camera::step_taking() {
  if (!has_begun_ && !begin_boot()) return;
  take_settings();
  ring_.settle();
  const std::uint64_t now_ms = ports_.clock.now_ms();
  const std::optional<std::uint64_t> unix_ms = ports_.clock.unix_ms();
  triggers_.see(ports_.pins.levels(), now_ms, unix_ms);
  if (!taker_.is_busy()) {
    if (const auto due = triggers_.due(now_ms, unix_ms)) {
      trigger_ = *due;
      taker_.start(trigger_.at_ms, now_ms);
      if (trigger_.kind == TriggerKind::Interval) boot_.set_interval_shot_ms(trigger_.at_ms);
    }
  }
  if (triggers_.has_changed()) note_pending();
  if (taker_.is_busy()) {
    Frame frame;
    switch (taker_.step(now_ms, frame)) {
      case Taker::Result::Taken:
        hand_over(std::move(frame));
        triggers_.done();
        break;
      case Taker::Result::Missed:
        ring_.miss(boot_.next(), LossReason::Sensor);
        taken_.fetch_add(1, std::memory_order_relaxed);
        triggers_.done();
        break;
      case Taker::Result::Working:
        break;
    }
    if (taker_.wants_machine_restart()) {
      FixedText<16> note;
      note.add_number(restarts_for_sensor_ + 1);
      if (ports_.notes.write(kSensorNote, note.view())) {
        ++restarts_for_sensor_;
        wants_restart_.store(true, std::memory_order_release);
      }
    }
    // Restarts are counted in a row, and a frame ends the row.
    if (restarts_for_sensor_ != 0 && taker_.is_working() && ports_.notes.write(kSensorNote, "")) restarts_for_sensor_ = 0;
  }
  if (triggers_.has_changed()) note_pending();
  is_taking_.store(taker_.is_busy(), std::memory_order_relaxed);
  tell_fault();
  discarded_.store(static_cast<std::uint32_t>(taker_.counts().discarded()), std::memory_order_relaxed);
  skipped_.store(static_cast<std::uint32_t>(triggers_.skipped()), std::memory_order_relaxed);
  quality_.store(taker_.quality(), std::memory_order_relaxed);
  const auto next_ms = triggers_.next_ms(now_ms, unix_ms);
  next_trigger_s_.store(next_ms ? static_cast<std::uint32_t>(*next_ms / 1000) : UINT32_MAX, std::memory_order_relaxed);
}

bool Camera::begin_boot() {
  if (!boot_.draw(ports_.random)) return false;
  Settings settings;
  if (!to_taking_.take(settings)) return false;
  triggers_.begin(settings, boot_.interval_shot_ms());
  taker_.set(settings.sensor, settings.settle_ms, settings.settle_frames);
  FixedText<kMaxNote> note;
  if (ports_.notes.read(kPendingNote, note))
    triggers_.read(note.view(), boot_.id(), ports_.clock.now_ms(), ports_.clock.unix_ms());
  has_begun_ = true;
  is_booted_.store(true, std::memory_order_release);
  return true;
}

void Camera::take_settings() {
  Settings settings;
  if (!to_taking_.take(settings)) return;
  triggers_.set(settings);
  taker_.set(settings.sensor, settings.settle_ms, settings.settle_frames);
}

void Camera::hand_over(Frame frame) {
  frame.name = boot_.next();
  const std::uint64_t now_ms = ports_.clock.now_ms();
  const std::uint64_t age_ms = now_ms > frame.up_ms ? now_ms - frame.up_ms : 0;
  if (const auto unix_ms = ports_.clock.unix_ms()) frame.taken_ms = *unix_ms - age_ms;
  if (ports_.digest != nullptr) frame.sha256 = ports_.digest->sha256(frame.bytes());
  if (!ring_.push(frame)) ring_.miss(frame.name, LossReason::RingFull);
  taken_.fetch_add(1, std::memory_order_relaxed);
}

void Camera::note_pending() {
  FixedText<kMaxNote> note;
  if (!triggers_.write(note, boot_.id()) || !ports_.notes.write(kPendingNote, note.view()))
    ports_.log.line(LogLevel::Warning, "the pending shots could not be written down: a restart would forget them");
}

void Camera::tell_fault() {
  Fault now;
  now.add(ports_.source.fault());
  if (now.is_empty() && taker_.needs_power_cycle()) now.add("needs a power cycle");
  if (now.view() != fault_.view() && to_keeping_.put(now)) fault_ = now;
}

// -- keeping ----------------------------------------------------------------------------------------------------------

void Camera::step_keeping() {
  if (has_settings_to_publish_) publish_settings();
  if (!is_booted_.load(std::memory_order_acquire)) return;
  to_keeping_.take(known_fault_);
  climb();
  book();
  if (uplink_.is_busy()) {
    if (uplink_.step()) finish();
  } else {
    send();
  }
  if (trial_.step(ports_.clock.now_ms())) has_settings_to_publish_ = true;
}

std::uint32_t Camera::keeping_wait_ms() const {
  if (uplink_.is_busy()) return uplink_.wait_ms();
  return ring_.size() > 0 || spool_.size() > 0 ? (uplink_.is_ready() ? 0 : uplink_.wait_ms()) : uplink_.wait_ms();
}

bool Camera::is_drained() const {
  Loss loss;
  return ring_.is_empty() && spool_.size() == 0 && !sending_ && !losses_.next(&loss);
}

void Camera::open_spool() {
  if (options_.spool_folder == nullptr) {
    losses_.set_memory_only(true);
    return;
  }
  was_opened_ = spool_.open();
  if (spool_.oversized() > 0)
    ports_.log.line(LogLevel::Warning, "some spooled frames are larger than the memory of this start; they stay where they are");
  if (was_opened_) return;
  losses_.set_memory_only(true);
  ports_.log.line(LogLevel::Error, "the spool cannot be opened: until the next start frames are in memory alone");
}

void Camera::climb() {
  const std::uint64_t now_ms = ports_.clock.now_ms();
  const bool is_up = ports_.radio.is_up();
  if (is_up) up_ms_ = now_ms;
  if (is_up && !was_up_) uplink_.hurry();
  was_up_ = is_up;
  const bool has_something = ring_.size() > 0 || spool_.size() > 0 || has_news();
  bool wants_restart = wants_restart_.load(std::memory_order_acquire);
  switch (ladder_.step(is_up, has_something, now_ms)) {
    case WifiLadder::Step::PowerCycle:
      let_go();
      ports_.radio.set_power(false);
      ports_.radio.set_power(true);
      [[fallthrough]];
    case WifiLadder::Step::Join: {
      const Network& network = installation_.networks[ladder_.network()];
      ports_.radio.join(network.ssid.view(), network.password.view());
      break;
    }
    case WifiLadder::Step::Restart:
      wants_restart_.store(true, std::memory_order_release);
      wants_restart = true;
      break;
    case WifiLadder::Step::None:
      break;
  }
  if (!wants_restart) return;
  if (restart_asked_ms_ == 0) restart_asked_ms_ = now_ms;
  // The ring does not outlive a restart; what can be stored is stored first, by `book`.
  if (ring_.size() > 0 && now_ms - restart_asked_ms_ < kFlushPatienceMs) return;
  wants_restart_.store(false, std::memory_order_release);
  restart_asked_ms_ = 0;
  ports_.machine.restart("nothing came from the sensor or the archive for too long");
}

/// Writes down what is new in the ring, and moves to the spool what has to go there.
void Camera::book() {
  if (!may_touch_card()) return;
  const bool is_restarting = wants_restart_.load(std::memory_order_relaxed);
  const bool is_low = ring_.size() > 2 && !options_.stores_first && ring_.is_half_full();
  for (std::uint32_t i = 0; i < ring_.size(); ++i) {
    Slot& slot = ring_.at(i);
    if (slot.is_released) continue;
    if (slot.is_missed || (!slot.is_booked && !options_.stores_first)) {
      book_slot(slot);
      return;
    }
    const bool cannot_send = !is_live_ || standing_ == Standing::Out;
    const bool must_store = options_.stores_first || cannot_send || is_low || is_restarting || trial_.in_force().sleep;
    if (!must_store || slot.is_lent || !spool_.is_open()) continue;
    store(slot);
    return;
  }
}

bool Camera::book_slot(Slot& slot) {
  const std::uint64_t last = slot.name.number + slot.count - 1;
  losses_.mark(slot.name.boot, slot.name.number, last, slot.is_missed ? slot.reason : LossReason::AtRisk);
  const bool is_written = losses_.commit();
  card_worked(is_written);
  if (!is_written) return false;
  slot.is_booked = true;
  if (!slot.is_missed) {
    log_frame(LogLevel::Debug, "taken", slot.name, "");
    return true;
  }
  for (std::uint64_t number = slot.name.number; number <= last; ++number)
    log_frame(LogLevel::Warning, "lost", FrameName{slot.name.boot, number}, c_str(slot.reason));
  ring_.release(slot);
  return true;
}

bool Camera::store(Slot& slot) {
  const FrameName name = slot.name;
  const StoreResult result = spool_.store(name, slot.up_ms, slot.taken_ms, slot.bytes);
  card_worked(result != StoreResult::Failed);
  if (result == StoreResult::NoRoom) card_retry_ms_ = ports_.clock.now_ms() + kCardPauseMs;
  if (result == StoreResult::Failed || result == StoreResult::NoRoom) {
    has_card_trouble_ = true;
    return false;
  }
  has_card_trouble_ = false;
  if (!slot.is_booked) log_frame(LogLevel::Debug, "taken", name, "");
  if (result == StoreResult::GivenUp) log_frame(LogLevel::Warning, "lost", name, c_str(LossReason::SpoolFull));
  ring_.release(slot);
  return true;
}

bool Camera::may_touch_card() const { return ports_.clock.now_ms() >= card_retry_ms_; }

void Camera::card_worked(bool did) {
  if (did) {
    card_failures_ = 0;
    if (losses_.is_memory_only() && was_opened_ && losses_.save()) losses_.set_memory_only(false);
    return;
  }
  card_retry_ms_ = ports_.clock.now_ms() + kCardPauseMs;
  if (++card_failures_ != kMemoryOnlyFailures) return;
  losses_.set_memory_only(true);
  ports_.log.line(LogLevel::Error, "the spool does not work any more: what is lost is known in memory alone");
}

void Camera::send() {
  if (!uplink_.is_ready() || !ports_.radio.is_up() || ports_.clock.now_ms() < send_retry_ms_) return;
  if (!has_key()) return;
  if (addresses_.enter(network(), ports_.clock.now_ms())) use_address();
  if (!has_news()) was_reported_ = false;  // what comes next has a minute to gather more
  const bool must_report = standing_ != Standing::In || !next_key_.is_empty();
  is_reporting_ = must_report || !choose();
  if (is_reporting_ && !must_report && !is_report_due()) return;
  status_.clear();
  write_status(status_);
  sent_fault_ = known_fault_;
  lost_.clear();
  confessing_.reset();
  Loss loss;
  if (losses_.next(&loss) && write_lost(lost_, loss.boot, loss.from, loss.to, c_str(loss.reason))) confessing_ = loss;
  Saying saying{boot_.id(), status_.view(), confessing_ ? lost_.view() : std::string_view()};
  if (is_reporting_) saying.next_key = next_key_.view();
  if (is_reporting_) return uplink_.report(FrameName{boot_.id(), reports_++}, saying);
  if (sending_from_ == From::Spool) spool_.pin(sending_.name);
  uplink_.start(sending_, saying);
}

/// Sees to it that there is one: drawn here, where the radio runs and chance is true.
bool Camera::has_key() {
  if (!installation_.key_to_show().empty()) return true;
  if (installation_.draw_key(ports_.random, ports_.notes)) {
    use_address();
    return true;
  }
  send_retry_ms_ = ports_.clock.now_ms() + kKeyPauseMs;
  ports_.log.line(LogLevel::Error, "no key could be drawn and written down, and without one nothing is sent");
  return false;
}

/// Whether there is a loss to confess, or a fault that the archive does not know of as it is now.
bool Camera::has_news() const {
  Loss loss;
  return losses_.next(&loss) || known_fault_.view() != told_fault_.view();
}

bool Camera::is_report_due() const {
  const std::uint64_t now_ms = ports_.clock.now_ms();
  if (now_ms < hush_ms_) return false;
  if (!has_news()) return now_ms - told_ms_ >= kSilenceMs;
  // What is under way may carry the news; a camera that wants to sleep has no minute to wait for another frame.
  if (was_reported_ || (trial_.in_force().sleep && !is_taking() && ring_.is_empty())) return true;
  return now_ms - told_ms_ >= kNewsMs;
}

/// Picks what to send next: the newest, if it had no try yet; else the oldest.
bool Camera::choose() {
  const std::size_t spooled = ports_.clock.now_ms() >= read_retry_ms_ ? spool_.size() : 0;  // that may be read just now
  Slot* newest = newest_slot();
  const std::optional<FrameName> newest_name =
      newest != nullptr ? std::optional<FrameName>(newest->name)
      : spooled > 0 ? std::optional<FrameName>(spool_.at(spooled - 1).name)
                    : std::nullopt;
  if (!newest_name) return false;
  const bool is_new = !live_tried_ || newest_name->number > live_tried_->number;
  if (newest_name->boot == boot_.id() && is_new) {
    live_tried_ = newest_name;
    is_live_try_ = true;
    if (newest != nullptr ? take_from_ring(*newest) : take_from_spool(*newest_name)) return true;
  }
  is_live_try_ = false;
  return choose_from_backlog(spooled);
}

/// The oldest, in the spool and then in the ring; or the one behind the frame that is passed over, while there is one.
bool Camera::choose_from_backlog(std::size_t spooled) {
  const std::optional<FrameName> behind = is_probing_ ? failed_ : passed_over_;
  bool is_behind = !behind;
  for (std::size_t i = 0; i < spooled; ++i) {
    const FrameName name = spool_.at(i).name;
    if (is_behind) return take_from_spool(name);
    is_behind = name == *behind;
  }
  for (std::uint32_t i = 0; i < ring_.size(); ++i) {
    Slot& slot = ring_.at(i);
    if (!may_send(slot)) continue;
    if (is_behind) return take_from_ring(slot);
    is_behind = slot.name == *behind;
  }
  if (!behind) return false;
  is_probing_ = false;  // nothing is behind it, or it is gone: from the front again
  passed_over_.reset();
  return choose_from_backlog(spooled);
}

Slot* Camera::newest_slot() {
  for (std::uint32_t i = ring_.size(); i-- > 0;)
    if (may_send(ring_.at(i))) return &ring_.at(i);
  return nullptr;
}

bool Camera::may_send(const Slot& slot) const {
  if (slot.is_released || slot.is_missed || slot.is_lent) return false;
  // What is to be stored first is sent from the ring only when it cannot be stored.
  return slot.is_booked || !spool_.is_open() || has_card_trouble_;
}

bool Camera::take_from_ring(Slot& slot) {
  sending_ = ring_.lend(slot);
  sending_from_ = From::Ring;
  return true;
}

bool Camera::take_from_spool(const FrameName& name) {
  sending_ = spool_.load(name);
  sending_from_ = From::Spool;
  if (!sending_) read_retry_ms_ = ports_.clock.now_ms() + kReadPauseMs;
  if (sending_ && ports_.spool_digest != nullptr) sending_.sha256 = ports_.spool_digest->sha256(sending_.bytes());
  return static_cast<bool>(sending_);
}

void Camera::finish() {
  const Outcome& outcome = uplink_.outcome();
  const std::uint64_t now_ms = ports_.clock.now_ms();
  last_result_ = outcome.result.c_str();
  if (outcome.result.is_the_archives_word()) {
    ladder_.heard(now_ms);
    note_standing(outcome);
  }
  if (outcome.result == SendResult::Kept) {
    failed_in_a_row_ = 0;
    told_ms_ = now_ms;
    told_fault_ = sent_fault_;
    was_reported_ = is_reporting_;
    note_address();
    if (confessing_) losses_.clear(confessing_->boot, confessing_->from, confessing_->to);
  } else if (outcome.result.worth_retrying()) {
    ++failed_sends_;
    ++failed_in_a_row_;
  }
  const bool was_reporting = is_reporting_;
  if (was_reporting) {
    finish_report(outcome.result);
  } else {
    log_frame(LogLevel::Debug, outcome.result.c_str(), sending_.name, outcome.why);
    finish_frame(outcome);
  }
  sending_.drop();
  confessing_.reset();
  if (outcome.archive_unix_ms) {
    const std::uint64_t theirs = *outcome.archive_unix_ms;
    const std::uint64_t ours = ports_.clock.unix_ms().value_or(0);
    if ((theirs > ours ? theirs - ours : ours - theirs) > kClockSlackMs) ports_.clock.set_unix_ms(theirs);
  }
  if (!outcome.settings.empty() && trial_.offer(outcome.settings, now_ms)) has_settings_to_publish_ = true;
  const bool has_moved = addresses_.sent(outcome.result, network(), now_ms, trial_.in_force().sleep);
  if (was_reporting) next_key_.clear();  // said once; the archive asks again if it has to
  if (outcome.result == SendResult::Kept && !outcome.key.empty()) heed_key(outcome.key);
  if (outcome.result == SendResult::Kept && !outcome.addresses.empty()) addresses_.offer(outcome.addresses, network());
  if (!has_moved) return;
  FixedText<256> line;
  line.add("the archive shall be at ").add(addresses_.current());
  ports_.log.line(LogLevel::Info, line.view());
  use_address();
}

/// Whether the archive takes what comes with our key, by its own word.
void Camera::note_standing(const Outcome& outcome) {
  const Standing before = standing_;
  standing_ = outcome.is_shut_out() ? Standing::Out : Standing::In;
  if (outcome.result == SendResult::Kept) installation_.note_let_in(ports_.notes);
  if (standing_ == before) return;
  FixedText<160> line;
  if (standing_ == Standing::Out) {
    line.add(outcome.status == 401 ? "the archive has yet to let this camera in" : "the archive no longer lets this camera in");
    line.add("; its key ends in ").add(installation_.key_end());
  } else {
    line.add("the archive lets this camera in");
  }
  ports_.log.line(standing_ == Standing::Out ? LogLevel::Warning : LogLevel::Info, line.view());
}

/// The archive wants another key in place of the one in use, or knows the next one. Only the hash of that was told: the
/// key itself leaves the camera when it is used.
void Camera::heed_key(std::string_view field) {
  const Fields fields(field);
  FixedText<16> prefix;
  const auto is = [&prefix](std::string_view key) { return !prefix.is_empty() && prefix.view() == Installation::prefix_of(key); };
  if (fields.string("renew", prefix)) {
    if (!is(installation_.key_to_show()) || ports_.spool_digest == nullptr) return;
    if (!installation_.draw_next_key(ports_.random, ports_.notes)) return;
    const std::string_view key = installation_.next_key.view();
    const Sha256 hash = ports_.spool_digest->sha256(Bytes{reinterpret_cast<const std::uint8_t*>(key.data()), key.size()});
    write_next_key(next_key_, Installation::prefix_of(key), hash);
  } else if (fields.string("taken", prefix)) {
    if (!is(installation_.next_key.view()) || !installation_.take_next_key(ports_.notes)) return;
    ports_.log.line(LogLevel::Info, "another key is in use now");
    use_address();
  }
}

void Camera::finish_frame(const Outcome& outcome) {
  const SendResult result = outcome.result;
  const FrameName name = sending_.name;
  const std::uint64_t up_ms = sending_.up_ms;
  spool_.pin(std::nullopt);
  is_live_ = result == SendResult::Kept;
  if (is_live_) {
    ++kept_;
    is_probing_ = false;
    forget();
    if (name.boot == boot_.id()) trial_.kept(up_ms);
  } else if (result == SendResult::Refused) {
    ++refused_;
    refuse();
  } else if (!is_live_try_ && !outcome.is_shut_out()) {
    pass_over(name, result);
  }
}

void Camera::finish_report(SendResult result) {
  is_reporting_ = false;
  if (result == SendResult::Kept) card_worked(losses_.commit());
  if (result == SendResult::Refused) hush_ms_ = ports_.clock.now_ms() + kSilenceMs;  // it cannot read us
}

/// Decides who goes next after a frame of the backlog that was not kept. While nothing gets through, its order stays.
void Camera::pass_over(const FrameName& name, SendResult result) {
  const bool was_probing = is_probing_;
  is_probing_ = false;
  if (result == SendResult::Again) {
    passed_over_ = name;  // the archive says so
  } else if (was_probing) {
    // It did no better: it is not the frame.
  } else if (!failed_ || *failed_ != name) {
    failed_ = name;
    failed_kept_ = kept_;
  } else if (kept_ > failed_kept_) {
    passed_over_ = name;
  } else {
    is_probing_ = result != SendResult::Unreachable;  // something was there, and perhaps cannot stand this very frame
  }
}

/// The archive has said `kept` to the frame just sent, with its name.
void Camera::forget() {
  const FrameName name = sending_.name;
  losses_.clear(name);  // no more at risk
  card_worked(losses_.commit());
  sending_.drop();
  if (sending_from_ == From::Spool) {
    if (!spool_.remove(name)) ports_.log.line(LogLevel::Warning, "a kept frame could not be removed from the card");
    return;
  }
  for (std::uint32_t i = 0; i < ring_.size(); ++i) {
    Slot& slot = ring_.at(i);
    if (slot.is_released || slot.is_missed || slot.name != name) continue;
    ring_.release(slot);
    return;
  }
}

/// The archive will never have the frame just sent: it is set aside, and its number confessed.
void Camera::refuse() {
  const FrameName name = sending_.name;
  if (sending_from_ == From::Spool) {
    sending_.drop();
    if (!spool_.refuse(name)) return refused_in_vain();
  } else {
    if (!spool_.refuse(sending_)) return refused_in_vain();
    sending_.drop();
    for (std::uint32_t i = 0; i < ring_.size(); ++i) {
      Slot& slot = ring_.at(i);
      if (slot.is_released || slot.is_missed || slot.name != name) continue;
      ring_.release(slot);
      break;
    }
  }
  log_frame(LogLevel::Warning, "lost", name, c_str(LossReason::Refused));
}

/// The card does not work just now: nothing is sent for a while, or the archive would refuse it as often as the wire can.
void Camera::refused_in_vain() {
  card_worked(false);
  send_retry_ms_ = card_retry_ms_;
}

/// Ends what is being sent, without an outcome: the frame stays where it is.
void Camera::let_go() {
  uplink_.abandon();
  spool_.pin(std::nullopt);
  sending_.drop();
  is_reporting_ = false;
  confessing_.reset();
}

void Camera::publish_settings() {
  const Settings& settings = trial_.in_force();
  spool_.set_when_full(settings.when_full);
  has_settings_to_publish_ = !to_taking_.put(settings);
}

std::optional<std::uint64_t> Camera::may_sleep_until() const {
  if (!trial_.in_force().sleep || is_taking() || !ring_.is_empty() || uplink_.is_busy()) return std::nullopt;
  if (trial_.is_on_trial()) return std::nullopt;  // it would not outlive sleep
  if (losses_.is_memory_only() && losses_.size() > BootMemory::kMostCarried) return std::nullopt;
  const std::uint64_t now_ms = ports_.clock.now_ms();
  const bool has_patience = !ports_.radio.is_up() && now_ms - begun_ms_ < kJoinPatienceMs;
  // One failure proves nothing of the frames behind it, where others got through.
  const bool gets_through = kept_ > 0 && failed_in_a_row_ < kMostFailuresAwake;
  const bool may_send = ports_.radio.is_up() && (uplink_.is_ready() || gets_through || addresses_.is_searching());
  const bool has_to_send = spool_.size() > 0 || (has_news() && now_ms >= hush_ms_);
  if (has_to_send && (has_patience || may_send)) return std::nullopt;
  const std::uint32_t next_s = next_trigger_s_.load(std::memory_order_relaxed);
  if (next_s == UINT32_MAX) return UINT64_MAX;  // until a pin wakes it
  const std::uint64_t next_ms = std::uint64_t{next_s} * 1000;
  if (next_ms < now_ms + kLeastSleepMs) return std::nullopt;
  return next_ms;
}

void Camera::before_sleep() {
  let_go();
  boot_.put_down();
  boot_.set_next_report(reports_);
  if (!losses_.is_memory_only()) return;  // the card has them
  for (std::size_t i = 0; i < losses_.size(); ++i)
    if (losses_.at(i).reason != LossReason::AtRisk) boot_.carry(losses_.at(i));
}

bool Camera::is_cut_off() const { return ports_.clock.now_ms() - up_ms_ >= kCutOffMs; }

SetupFacts Camera::facts() const {
  SetupFacts facts;
  facts.firmware = options_.firmware;
  facts.sensor = ports_.source.sensor();
  facts.sensor_fault = known_fault_.view();
  facts.is_online = ports_.radio.is_up();
  facts.kept = kept_;
  facts.spooled = spool_.size();
  facts.last_result = last_result_;
  facts.is_joining = standing_ == Standing::Out;
  facts.key_end = installation_.key_end();
  if (!addresses_.is_set_up()) facts.at = addresses_.current();
  return facts;
}

void Camera::write_status(Text& out) const {
  Health health;
  health.id = installation_.id.view();
  health.firmware = options_.firmware;
  health.board = installation_.board.view();
  health.sensor = ports_.source.sensor();
  health.sensor_fault = known_fault_.view();
  health.vitals = ports_.machine.vitals();
  health.rssi_dbm = ports_.radio.rssi();
  health.up_s = ports_.clock.now_ms() / 1000;
  health.spooled = spool_.size();
  health.waiting = ring_.size();
  health.lost = losses_.lost();
  health.refused = refused_;
  health.discarded = discarded_.load(std::memory_order_relaxed);
  health.skipped = skipped_.load(std::memory_order_relaxed);
  health.failed_sends = failed_sends_;
  health.address = addresses_.version();
  health.settings = trial_.in_force().version;
  health.settings_refused = trial_.refused_version();
  health.quality = quality_.load(std::memory_order_relaxed);
  health.oversized = spool_.oversized();
  health.has_spool = spool_.is_open();
  health.write(out);
}

void Camera::log_frame(LogLevel level, std::string_view word, const FrameName& name, std::string_view more) {
  FixedText<160> line;
  line.add(word).add(' ').add_hex(name.boot).add(' ').add_number(name.number);
  if (!more.empty()) line.add(' ').add(more);
  ports_.log.line(level, line.view());
}

}  // namespace camera
