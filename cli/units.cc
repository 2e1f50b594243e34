#include "cli/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <ctime>
#include <optional>

namespace stateferry::cli {

namespace {
Error BadValue(std::string_view text, std::string_view what) {
  return Error(ErrorCode::kInvalidArgument, fmt::format("'{}' is not {}", text, what));
}

/// A non-negative decimal number at the front of `text`, which loses it.
std::optional<double> TakeNumber(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() &&
         ((text[length] >= '0' && text[length] <= '9') || text[length] == '.'))
    ++length;
  if (length == 0 || length > 24) return std::nullopt;
  double number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + length, number);
  if (problem != std::errc() || end != text.data() + length) return std::nullopt;
  text.remove_prefix(length);
  return number;
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// The factor of a size unit: "" and "B" are 1, "K" and "KiB" 1,024, "KB" 1,000.
std::optional<double> SizeUnit(std::string_view unit) {
  std::string lower;
  for (const char c : unit) lower += Lower(c);
  if (lower.empty() || lower == "b") return 1;
  constexpr std::string_view kLetters = "kmgtpe";
  const std::size_t step = kLetters.find(lower[0]);
  if (step == std::string_view::npos) return std::nullopt;
  const std::string rest = lower.substr(1);
  const double power = static_cast<double>(step + 1);
  if (rest.empty() || rest == "ib") return std::pow(1024.0, power);
  if (rest == "b") return std::pow(1000.0, power);
  return std::nullopt;
}
}  // namespace

Result<std::uint64_t> ParseSize(std::string_view text) {
  constexpr std::string_view kWhat = "a size; write a number with B, KiB, MiB, GiB or TiB";
  std::string_view rest = text;
  const auto number = TakeNumber(rest);
  if (!number) return BadValue(text, kWhat);
  while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  const auto unit = SizeUnit(rest);
  if (!unit) return BadValue(text, kWhat);
  const double bytes = *number * *unit;
  // 2^63: far above any real size, and exact as a double.
  if (bytes >= 9223372036854775808.0) return BadValue(text, "a size below 8 EiB");
  return static_cast<std::uint64_t>(bytes);
}

Result<std::uint64_t> ParseRate(std::string_view text) {
  if (text == "off") return std::uint64_t{0};
  std::string_view size = text;
  if (size.ends_with("/s")) size.remove_suffix(2);
  auto bytes = ParseSize(size);
  if (!bytes) return BadValue(text, "a rate; write for example 200MiB/s, or off");
  return bytes;
}

Result<std::chrono::milliseconds> ParseDuration(std::string_view text) {
  constexpr std::string_view kWhat = "a duration; write for example 30s, 5m, 24h or 7d";
  if (text == "0") return std::chrono::milliseconds(0);
  double total_ms = 0;
  std::string_view rest = text;
  if (rest.empty()) return BadValue(text, kWhat);
  while (!rest.empty()) {
    const auto number = TakeNumber(rest);
    if (!number) return BadValue(text, kWhat);
    std::size_t length = 0;
    while (length < rest.size() && rest[length] >= 'a' && rest[length] <= 'z') ++length;
    const std::string_view unit = rest.substr(0, length);
    double factor_ms = 0;
    if (unit == "ms") factor_ms = 1;
    if (unit == "s") factor_ms = 1000;
    if (unit == "m" || unit == "min") factor_ms = 60e3;
    if (unit == "h") factor_ms = 3600e3;
    if (unit == "d") factor_ms = 86400e3;
    if (factor_ms == 0) return BadValue(text, kWhat);
    total_ms += *number * factor_ms;
    rest.remove_prefix(length);
  }
  // 100 years, so that adding it to a time can never overflow nanoseconds.
  if (total_ms > 100.0 * 366 * 86400e3) return BadValue(text, "a duration below 100 years");
  return std::chrono::milliseconds(static_cast<std::int64_t>(total_ms));
}

Result<std::chrono::system_clock::time_point> ParseTime(std::string_view text) {
  const Error bad = BadValue(text, "a time; write for example 2026-11-20T23:51:19Z");
  const std::string copy(text);
  std::tm parts{};
  int length = 0;
  if (std::sscanf(copy.c_str(), "%4d-%2d-%2d%*1[Tt ]%2d:%2d:%2d%n", &parts.tm_year, &parts.tm_mon,
                  &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &length) != 6 ||
      length == 0)
    return bad;
  if (parts.tm_year < 1970 || parts.tm_year > 2200 || parts.tm_mon < 1 || parts.tm_mon > 12 ||
      parts.tm_mday < 1 || parts.tm_mday > 31 || parts.tm_hour < 0 || parts.tm_hour > 23 ||
      parts.tm_min < 0 || parts.tm_min > 59 || parts.tm_sec < 0 || parts.tm_sec > 60)
    return bad;
  std::string_view zone = text.substr(static_cast<std::size_t>(length));
  if (zone.starts_with('.')) {  // the fraction of a second does not matter for an age
    zone.remove_prefix(1);
    while (!zone.empty() && zone.front() >= '0' && zone.front() <= '9') zone.remove_prefix(1);
  }
  int offset_minutes = 0;
  if (zone != "Z" && zone != "z") {
    int hours = 0, minutes = 0;
    const std::string zone_text(zone);
    if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') ||
        std::sscanf(zone_text.c_str() + 1, "%2d:%2d", &hours, &minutes) != 2 || hours > 23 ||
        minutes > 59)
      return bad;
    offset_minutes = (hours * 60 + minutes) * (zone[0] == '-' ? -1 : 1);
  }
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  const std::time_t seconds = timegm(&parts) - offset_minutes * 60;
  return std::chrono::system_clock::from_time_t(seconds);
}

std::string FormatSize(std::uint64_t bytes) {
  constexpr std::array<const char*, 6> kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  value /= 1024;
  // 1023.95 would print as 1024.0: show it in the next unit instead.
  while (value >= 1023.95 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string FormatRate(double bytes_per_s) {
  const double bounded = std::isfinite(bytes_per_s) && bytes_per_s > 0 ? bytes_per_s : 0;
  return FormatSize(static_cast<std::uint64_t>(std::min(bounded, 9e18))) + "/s";
}

std::string FormatClock(double seconds) {
  const auto whole = static_cast<std::uint64_t>(std::clamp(seconds, 0.0, 1e9));
  const auto days = whole / 86400, hours = whole / 3600 % 24, minutes = whole / 60 % 60;
  if (days > 0) return fmt::format("{}d {:02}:{:02}", days, hours, minutes);
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, whole % 60);
  return fmt::format("{}:{:02}", minutes, whole % 60);
}

std::string FormatDuration(double seconds) {
  if (seconds < 59.95) return fmt::format("{:.1f} s", std::max(seconds, 0.0));
  const auto whole = static_cast<std::uint64_t>(std::min(seconds, 1e12) + 0.5);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

std::string FormatNumber(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string Count(std::uint64_t count, std::string_view singular, std::string_view plural) {
  if (count == 1) return fmt::format("1 {}", singular);
  if (!plural.empty()) return fmt::format("{} {}", FormatNumber(count), plural);
  return fmt::format("{} {}s", FormatNumber(count), singular);
}

}  // namespace stateferry::cli
