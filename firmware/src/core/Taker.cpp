#include "Taker.h"

namespace camera {
namespace {

constexpr std::uint32_t kOddFrames = 2;  // so often the same other size: it is the nearest that the sensor can do
constexpr std::uint32_t kDeadRungs = 20;  // between two attempts at a sensor that needs a power cycle

}  // namespace

void Taker::begin(std::uint32_t machine_restarts) {
  machine_restarts_ = machine_restarts;
  is_settled_ = has_first_ = false;
  frames_ = 0;
  is_busy_ = false;
}

void Taker::set(const SensorSettings& wanted, std::uint32_t settle_ms, std::uint32_t settle_frames) {
  rules_.settle_ms = settle_ms;
  rules_.settle_frames = settle_frames;
  wanted_ = wanted;
  applied_ = wanted;
  is_applied_ = false;
  good_run_ = 0;
  odd_count_ = 0;
}

void Taker::start(std::uint64_t at_ms, std::uint64_t now_ms) {
  is_busy_ = true;
  at_ms_ = at_ms;
  began_ms_ = now_ms;
}

Taker::Result Taker::step(std::uint64_t now_ms, Frame& frame) {
  if (!is_busy_ || now_ms < look_again_ms_) return Result::Working;
  if (!source_.can_recover()) {
    is_busy_ = false;
    return Result::Missed;
  }
  if (!is_applied_) {
    apply();
    // Telling the sensor takes time, in which frames go on: a frame is new when it began after that.
    applied_ms_.reset();
    if (is_applied_) return Result::Working;
  }
  if (!applied_ms_) applied_ms_ = now_ms;
  Frame seen = source_.take();
  if (!seen) {
    ++counts_.none;
    look_again_ms_ = now_ms + rules_.pause_ms;
    failed();
  } else {
    const Jpeg jpeg = look_at(seen.bytes().data, seen.bytes().size);
    if (!has_first_) first_ms_ = seen.up_ms;
    has_first_ = true;
    if (!is_settled_) {
      ++frames_;
      is_settled_ = frames_ > rules_.settle_frames && seen.up_ms >= first_ms_ + rules_.settle_ms;
    }
    if (!is_settled_) {
      ++counts_.settling;
    } else if (seen.up_ms < at_ms_ || seen.up_ms < *applied_ms_) {
      ++counts_.stale;
    } else if (!is_good(jpeg)) {
      ++counts_.broken;
      seen.drop();
      failed();
    } else {
      seen.narrow(seen.bytes().first(jpeg.size_bytes));
      frame = std::move(seen);
      is_busy_ = false;
      succeeded();
      return Result::Taken;
    }
  }
  if (now_ms - began_ms_ < patience_ms()) return Result::Working;
  is_busy_ = false;
  return Result::Missed;
}

std::uint64_t Taker::patience_ms() const {
  return std::uint64_t{rules_.patience_ms} + rules_.settle_ms +
         std::uint64_t{rules_.settle_frames} * rules_.slowest_frame_ms;
}

bool Taker::wants_machine_restart() {
  const bool wants = wants_machine_restart_;
  wants_machine_restart_ = false;
  return wants;
}

bool Taker::is_good(const Jpeg& jpeg) {
  if (!jpeg.is_whole) return false;
  const FrameDimensions& asked = dimensions(applied_.size);
  if (jpeg.width == asked.width && jpeg.height == asked.height) {
    odd_count_ = 0;
    return true;
  }
  const bool is_same = jpeg.width == odd_width_ && jpeg.height == odd_height_;
  odd_width_ = jpeg.width;
  odd_height_ = jpeg.height;
  odd_count_ = is_same ? odd_count_ + 1 : 1;
  return odd_count_ > kOddFrames;
}

void Taker::failed() {
  is_working_ = false;
  ++failures_;
  good_run_ = 0;
  if (failures_ % 2 == 0 && applied_.quality + kQualityStep <= kWorstQuality && !needs_power_cycle_) {
    applied_.quality = static_cast<std::uint8_t>(applied_.quality + kQualityStep);
    is_applied_ = false;
  }
  if (failures_ == rules_.rungs) {
    log_.line(LogLevel::Warning, "the sensor gives nothing: its driver starts anew");
    source_.restart(SensorRestart::Reinit);
  } else if (failures_ == 2 * rules_.rungs) {
    log_.line(LogLevel::Warning, "the sensor gives nothing: its power is taken away");
    source_.restart(SensorRestart::PowerCycle);
  } else if (failures_ == 3 * rules_.rungs && machine_restarts_ < rules_.max_machine_restarts) {
    log_.line(LogLevel::Error, "the sensor gives nothing: the board starts anew");
    wants_machine_restart_ = true;
  } else if (failures_ >= 3 * rules_.rungs && failures_ % (kDeadRungs * rules_.rungs) == 3 * rules_.rungs) {
    log_.line(LogLevel::Error, "the sensor gives nothing whatever is done: it needs a power cycle");
    needs_power_cycle_ = true;
    source_.restart(SensorRestart::PowerCycle);
  } else {
    return;
  }
  is_applied_ = false;
  is_settled_ = has_first_ = false;
  frames_ = 0;
}

void Taker::succeeded() {
  failures_ = 0;
  machine_restarts_ = 0;
  needs_power_cycle_ = false;
  is_working_ = true;
  if (++good_run_ < kGoodRun || applied_.quality <= wanted_.quality) return;
  good_run_ = 0;
  const int better = applied_.quality - kQualityStep;
  applied_.quality = better > wanted_.quality ? static_cast<std::uint8_t>(better) : wanted_.quality;
  is_applied_ = false;
}

void Taker::apply() { is_applied_ = source_.apply(applied_); }

}  // namespace camera
