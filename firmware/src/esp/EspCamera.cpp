#include "EspCamera.h"

#include <Arduino.h>
#include <esp_attr.h>
#include <esp_heap_caps.h>
#include <esp_ota_ops.h>
#include <esp_sleep.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <new>

#include "Boards.h"
#include "EspRoots.h"
#include "Firmware.h"

// The loop's task keeps, sends and encrypts; 8 KB are too few for TLS.
SET_LOOP_TASK_STACK_SIZE(16 * 1024)

// The core would call every image good as soon as it starts. Ours is good when it has sent a frame that was kept, so
// that one which cannot is taken back. Updates over the air are still to come; this is their half of the agreement.
extern "C" bool verifyRollbackLater() { return true; }

namespace camera {
namespace {

// Memory, in PSRAM but for the stacks. With 8 MB: two driver's buffers of 1 MB at most, 1 MB to read a frame back,
// 0.4 MB for the lists, 0.5 MB left alone, and the ring gets the rest: 4 MB or so, 40 frames of 100 KB.
// With 2 MB: 0.8 MB, 0.4 MB, 0.1 MB, 0.1 MB, and 0.6 MB or so of ring.
struct Plan {
  FrameSize largest;
  std::size_t frame_bytes;  // the driver's buffer for the largest size, or what fills it
  std::size_t left_alone;
  std::uint32_t spooled_on_card;
};
constexpr Plan kPlan{FrameSize::QSXGA, 1024 * 1024, 512 * 1024, 8192};
constexpr Plan kSmallPlan{FrameSize::UXGA, 384 * 1024, 128 * 1024, 2048};
// Without PSRAM nothing can be taken, only said, confessed, and sent of what small frames wait; Wi-Fi and TLS need the rest.
constexpr Plan kBarePlan{FrameSize::UXGA, 32 * 1024, 0, 256};
constexpr std::size_t kSmallPsram = 4 * 1024 * 1024;
constexpr std::size_t kLeastRing = 32 * 1024;
constexpr std::size_t kLeastFrame = 16 * 1024;
constexpr std::uint32_t kSlots = 128;
constexpr std::size_t kLosses = 256;
constexpr std::uint32_t kSpooledInFlash = 1024;

constexpr std::uint32_t kTakingStack = 8 * 1024;
constexpr UBaseType_t kTakingPriority = 2;  // above the loop, which has 1
constexpr BaseType_t kCore = 1;             // the camera driver and Wi-Fi have core 0 to themselves
constexpr std::uint32_t kTickMs = 10;       // how late a trigger may be heard of
constexpr std::uint32_t kListenMs = 20;     // how late a line on USB may be

constexpr std::uint8_t kBootButton = 0;
constexpr std::uint64_t kHoldMs = 5000;
constexpr std::uint64_t kAwakeAfterUsbMs = 60000;  // somebody is setting it up

constexpr std::uint32_t kPortalWanted = 0x506F7274;

// Deep sleep keeps these.
RTC_DATA_ATTR constinit BootMemory boot_memory;
RTC_DATA_ATTR constinit bool has_warned_of_sleep = false;

// A restart keeps this.
RTC_NOINIT_ATTR std::uint32_t portal_wanted;

void* take_psram(std::size_t size_bytes) {
  void* memory = heap_caps_malloc(size_bytes, MALLOC_CAP_SPIRAM);
  return memory != nullptr ? memory : heap_caps_malloc(size_bytes, MALLOC_CAP_8BIT);
}

template <typename Item>
Item* take_items(std::size_t count) {
  void* memory = take_psram(count * sizeof(Item));
  if (memory == nullptr) return nullptr;
  Item* items = static_cast<Item*>(memory);
  for (std::size_t i = 0; i < count; ++i) new (items + i) Item();
  return items;
}

// As much as there is of `size_bytes`, by halves; nothing below `least_bytes`.
Room take_room(std::size_t size_bytes, std::size_t least_bytes) {
  for (; size_bytes >= least_bytes; size_bytes /= 2) {
    auto* memory = static_cast<std::uint8_t*>(take_psram(size_bytes));
    if (memory != nullptr) return {memory, size_bytes};
  }
  return {};
}

const Plan& plan() {
  const std::size_t size_bytes = ESP.getPsramSize();
  return size_bytes == 0 ? kBarePlan : size_bytes < kSmallPsram ? kSmallPlan : kPlan;
}

}  // namespace

void EspCamera::begin() {
  clock_.begin();
  log_.begin();
  machine_.begin();
  const std::uint64_t mac = ESP.getEfuseMac();
  std::snprintf(name_, sizeof(name_), "camera-%02x%02x", static_cast<unsigned>(mac >> 32 & 0xFF),
                static_cast<unsigned>(mac >> 40 & 0xFF));
  log_.line(LogLevel::Info, kFirmware);
  log_.line(LogLevel::Info, machine_.vitals().reset);
  if (!notes_.begin()) {
    log_.line(LogLevel::Error, "the partition cfg cannot be opened: flash with this sketch's own partitions.csv");
  }
  Installation installation;
  installation.read(notes_);
  if (!kCompiledFor.empty() && installation.board.view() != kCompiledFor) {
    installation.board.clear();
    installation.board.add(kCompiledFor);
    installation.write(notes_);
  }
  // Whoever asks to join has a name.
  if (installation.id.is_empty() && installation.set_id(name_)) installation.write(notes_);
  board_ = board_of(installation);
  const bool wants_portal = portal_wanted == kPortalWanted;
  portal_wanted = 0;
  pinMode(kBootButton, INPUT_PULLUP);
  // Wi-Fi first, the camera after it: the other order draws the most current at once and can freeze the driver.
  radio_.set_power(true);
  if (board_ == nullptr || !installation.is_complete() || wants_portal) {
    begin_set_up(wants_portal);
  } else {
    begin_camera(*board_);
  }
  EspMachine::watch_this_task();
}

void EspCamera::begin_set_up(bool wants_portal) {
  set_up_.emplace(notes_, log_, radio_, machine_, name_);
  set_up_->begin(wants_portal);
}

void EspCamera::begin_camera(const Board& board) {
  clock_.ask_time_servers("pool.ntp.org", "time.google.com");
  trust_roots(notes_, transport_);
  pins_.begin(notes_, board);
  setup_.begin();
  source_.emplace(board, clock_, log_);
  // The driver's buffers cannot grow later, so they are as large as any setting may ask for and the sensor can fill.
  source_->start(plan().largest);
  const Mounted spool = mount(board, files_, log_);
  CameraOptions options;
  options.firmware = kFirmware;
  options.spool_folder = spool.folder;
  options.spool_limits.max_bytes = spool.size_bytes / 10 * 9;
  options.spool_limits.max_frames = std::min<std::uint32_t>(plan().spooled_on_card, spool.is_card ? UINT32_MAX : kSpooledInFlash);
  options.stores_first = spool.is_card;
  options.machine_restarts_for_sensor = restarts_for_sensor();
  const CameraMemory memory = take_memory(spool, options.spool_limits.max_frames);
  camera_.emplace(CameraPorts{*source_, pins_, &digest_, &digest_, clock_, log_, notes_, random_, transport_, files_,
                              radio_, machine_, boot_memory},
                  memory, options);
  camera_->begin();
  xTaskCreatePinnedToCore(&EspCamera::take, "taking", kTakingStack, this, kTakingPriority, nullptr, kCore);
}

CameraMemory EspCamera::take_memory(const Mounted& spool, std::uint32_t spooled) {
  CameraMemory memory{};
  memory.slots = take_items<Slot>(kSlots);
  memory.slot_count = kSlots;
  memory.losses = take_items<Loss>(2 * kLosses);
  memory.loss_count = kLosses;
  memory.spooled = take_items<Spooled>(spool.folder != nullptr ? spooled : 1);
  memory.frame = take_room(plan().frame_bytes, kLeastFrame);
  const std::size_t free_bytes = heap_caps_get_free_size(MALLOC_CAP_SPIRAM);
  memory.ring = take_room(std::max(free_bytes - std::min(free_bytes, plan().left_alone), kLeastRing), kLeastRing);
  if (memory.slots == nullptr || memory.losses == nullptr || memory.spooled == nullptr || memory.ring.data == nullptr) {
    log_.line(LogLevel::Error, "there is not enough memory to work in");
    abort();  // and the reset reason tells of it
  }
  return memory;
}

// How often the board was started anew for its sensor's sake, in a row: the core's own note.
std::uint32_t EspCamera::restarts_for_sensor() {
  FixedText<kMaxNote> note;
  std::uint32_t count = 0;
  if (notes_.read("sensor", note)) std::from_chars(note.view().data(), note.view().data() + note.size(), count);
  return count;
}

void EspCamera::step() {
  EspMachine::report();
  if (set_up_) return set_up_->step();
  listen();
  watch_button();
  offer_portal();
  camera_->step_keeping();
  if (!is_proven_ && camera_->kept() > 0) {
    is_proven_ = true;
    esp_ota_mark_app_valid_cancel_rollback();
  }
  sleep_if_due();
  const std::uint32_t wait_ms = std::min(camera_->keeping_wait_ms(), kListenMs);
  if (wait_ms == 0) {
    delay(1);  // lower tasks must live too
  } else {
    transport_.wait(wait_ms);
  }
}

void EspCamera::listen() {
  while (Serial.available() > 0) {
    heard_ms_ = clock_.now_ms();
    SetupFacts facts = camera_->facts();
    facts.machine = name_;
    if (!setup_.take(static_cast<char>(Serial.read()), facts)) continue;
    log_.answer(setup_.answer());
    if (!setup_.was_committed()) continue;
    Installation installation;
    installation.read(notes_);
    if (board_of(installation) != board_ || setup_.wants_restart()) machine_.restart("set up anew");
    camera_->install();
  }
}

// Held for long enough, the BOOT button opens the portal: for a camera whose Wi-Fi network is no more.
void EspCamera::watch_button() {
  if (board_->uses(kBootButton) || digitalRead(kBootButton) == HIGH) {
    pressed_ms_ = 0;
    return;
  }
  const std::uint64_t now_ms = clock_.now_ms();
  if (pressed_ms_ == 0) pressed_ms_ = now_ms;
  if (now_ms - pressed_ms_ < kHoldMs) return;
  portal_wanted = kPortalWanted;
  machine_.restart("the button was held: opening the portal");
}

// A camera whose Wi-Fi network is no more opens one of its own, beside the taking of pictures, until it has joined another.
void EspCamera::offer_portal() {
  if (!portal_) {
    if (!camera_->is_cut_off()) return;
    log_.line(LogLevel::Warning, "no network for ten minutes: this camera's own Wi-Fi network asks for another");
    form_.emplace(notes_, &kBoardTable);
    form_->begin();
    portal_.emplace(*form_, notes_);
    portal_->open(name_, true);
  }
  portal_->step();
  const bool is_told = form_->was_committed();
  radio_.hold(portal_->has_visitor() && !is_told);
  if (!is_told && camera_->is_cut_off()) return;
  delay(is_told ? 500 : 0);  // the answer is on its way
  portal_->close();
  portal_.reset();
  form_.reset();
  if (!is_told) return;
  setup_.begin();
  camera_->install();
}

void EspCamera::sleep_if_due() {
  if (portal_ || !camera_->may_sleep_until() || (heard_ms_ != 0 && clock_.now_ms() - heard_ms_ < kAwakeAfterUsbMs)) return;
  const EspMutex::Hold hold(taking_);
  const std::optional<std::uint64_t> until_ms = camera_->may_sleep_until();
  if (!until_ms) return;
  if (!board_->can_cut_sensor() && !has_warned_of_sleep) {
    has_warned_of_sleep = true;
    log_.line(LogLevel::Warning, "asleep, but this board cannot cut its sensor's supply: a battery will not last");
  }
  camera_->before_sleep();
  radio_.set_power(false);
  source_->power_off();
  pins_.wake_by_pins();
  const std::uint64_t now_ms = clock_.now_ms();
  if (*until_ms != UINT64_MAX) esp_sleep_enable_timer_wakeup((*until_ms > now_ms ? *until_ms - now_ms : 1) * 1000);
  clock_.before_sleep();
  esp_deep_sleep_start();
}

void EspCamera::take(void* self) {
  auto& camera = *static_cast<EspCamera*>(self);
  EspMachine::watch_this_task();
  for (;;) {
    {
      const EspMutex::Hold hold(camera.taking_);
      camera.camera_->step_taking();
    }
    EspMachine::report();
    vTaskDelay(pdMS_TO_TICKS(camera.camera_->is_taking() ? 1 : kTickMs));
  }
}

}  // namespace camera
