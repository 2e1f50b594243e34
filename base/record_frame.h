#pragma once
// Values of our own tables: version, payload length, payload, XXH3-64 of all that, little-endian.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace stateferry {

/// A record longer than this is not one of ours.
inline constexpr std::size_t kMaxFramedBytes = 16u << 20;

std::string FrameRecord(std::uint8_t version, std::string_view payload);

struct FramedRecord {
  std::uint8_t version;      ///< 1 to the newest that was asked for
  std::string_view payload;  ///< inside the bytes that were given
};
/// Errors: kCorruption that says what is wrong with the bytes (the caller knows whose they are);
/// kRefused for a version above `newest_version`.
Result<FramedRecord> UnframeRecord(std::string_view bytes, std::uint8_t newest_version);

}  // namespace stateferry
