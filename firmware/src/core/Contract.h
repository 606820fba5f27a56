// The frame contract's header fields: their names, what the camera writes into them, what it reads out of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "Bytes.h"
#include "Frame.h"
#include "FrameName.h"
#include "Text.h"

namespace camera {

inline constexpr std::string_view kFrameField = "Camera-Frame";
inline constexpr std::string_view kStatusField = "Camera-Status";
inline constexpr std::string_view kLostField = "Camera-Lost";
inline constexpr std::string_view kReportField = "Camera-Report";
inline constexpr std::string_view kSettingsField = "Camera-Settings";
inline constexpr std::string_view kClockField = "Camera-Clock";
inline constexpr std::string_view kAddressField = "Camera-Address";
inline constexpr std::string_view kKeyField = "Camera-Key";
inline constexpr std::string_view kDigestField = "Repr-Digest";

/// What the archive says a camera shall do with a frame, or with a report.
enum class Answer : std::uint8_t { Kept, Refused, Again };

/// The archive's word on one frame, or on one report.
struct Echo {
  FrameName name;
  Answer answer = Answer::Again;
};

/// `Camera-Frame` as it is sent. `now_ms` only for a frame of this very boot. False when it does not fit.
bool write_claim(Text& out, const Frame& frame, std::optional<std::uint64_t> now_ms);

/// `Camera-Report` as it is sent. False when it does not fit.
bool write_report_name(Text& out, const FrameName& name);

/// `Camera-Lost`: the numbers `from` … `to` of `boot`, both ends included, will never come. False when it does not fit.
bool write_lost(Text& out, std::uint64_t boot, std::uint64_t from, std::uint64_t to, std::string_view reason);

/// `Repr-Digest`. False when it does not fit.
bool write_digest(Text& out, const Sha256& sha256);

/// `Camera-Key` of a report: the key that the camera drew to show from now on, by its hash. False when it does not fit.
bool write_next_key(Text& out, std::string_view prefix, const Sha256& sha256);

/// A boot: exactly 16 of 0-9 and a-f.
std::optional<std::uint64_t> read_boot(std::string_view text);

/// `Camera-Frame` of an answer, or its `Camera-Report`; nothing when it is not whole in every part, and then nothing is acknowledged.
std::optional<Echo> read_echo(std::string_view text);

/// The Unix time in milliseconds that `Camera-Clock` gives.
std::optional<std::uint64_t> read_clock(std::string_view text);

}  // namespace camera
