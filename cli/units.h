#pragma once
// Sizes, rates and durations as people write and read them.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace stateferry::cli {

/// "512", "64K", "64KiB" (1,024 each step), "64KB" (1,000 each step), "1.5GiB"; up to EiB.
Result<std::uint64_t> ParseSize(std::string_view text);
/// A size with or without "/s"; "off" is 0.
Result<std::uint64_t> ParseRate(std::string_view text);
/// "500ms", "10s", "5m", "24h", "7d", "1h30m", "0".
Result<std::chrono::milliseconds> ParseDuration(std::string_view text);
/// "2026-11-20T23:51:19Z", with optional fraction and "+01:00" offsets.  RFC 3339.
Result<std::chrono::system_clock::time_point> ParseTime(std::string_view text);

/// "0 B", "1023 B", "1.5 KiB", "123.4 MiB".
std::string FormatSize(std::uint64_t bytes);
/// "1.5 MiB/s".
std::string FormatRate(double bytes_per_s);
/// "0:32", "12:05", "3:07:09", "2d 03:04".
std::string FormatClock(double seconds);
/// "0.2 s", "12.3 s", "5 min 03 s", "2 h 05 min".
std::string FormatDuration(double seconds);
/// "1 file", "1,234 files", "2 entities"; an empty plural is the singular with an s.
std::string Count(std::uint64_t count, std::string_view singular, std::string_view plural = {});
/// "1,234,567".
std::string FormatNumber(std::uint64_t number);

}  // namespace stateferry::cli
