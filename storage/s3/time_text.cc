#include "storage/s3/time_text.h"

#include <algorithm>
#include <chrono>

#include "storage/s3/ranged_get.h"

namespace stateferry::storage::s3 {
namespace {

/// Takes `digits` digits from the front of `text`.
std::optional<int> TakeNumber(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool Take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

/// What stands between the seconds and the zone, in nanoseconds; finer digits are dropped.
std::optional<std::chrono::nanoseconds> TakeFraction(std::string_view& text) {
  if (!Take(text, '.')) return std::chrono::nanoseconds(0);
  std::int64_t nanos = 0;
  std::int64_t unit = 100'000'000;
  std::size_t digits = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
    nanos += (text[digits] - '0') * unit;
    unit /= 10;
  }
  text.remove_prefix(digits);
  if (digits == 0) return std::nullopt;
  return std::chrono::nanoseconds(nanos);
}

/// "Z" or "+hh:mm": what to add to come to UTC.
std::optional<std::chrono::minutes> TakeZone(std::string_view& text) {
  if (Take(text, 'Z')) return std::chrono::minutes(0);
  const int sign = text.starts_with('+') ? -1 : 1;
  if (!Take(text, '+') && !Take(text, '-')) return std::nullopt;
  const auto hours = TakeNumber(text, 2);
  Take(text, ':');
  const auto minutes = TakeNumber(text, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  return std::chrono::minutes(sign * (*hours * 60 + *minutes));
}

}  // namespace

std::optional<SystemTime> ParseIso8601(std::string_view text) {
  const auto year = TakeNumber(text, 4);
  if (!Take(text, '-')) return std::nullopt;
  const auto month = TakeNumber(text, 2);
  if (!Take(text, '-')) return std::nullopt;
  const auto day = TakeNumber(text, 2);
  if (!Take(text, 'T')) return std::nullopt;
  const auto hour = TakeNumber(text, 2);
  if (!Take(text, ':')) return std::nullopt;
  const auto minute = TakeNumber(text, 2);
  if (!Take(text, ':')) return std::nullopt;
  const auto second = TakeNumber(text, 2);
  const auto fraction = TakeFraction(text);
  const auto zone = TakeZone(text);
  if (!year || !month || !day || !hour || !minute || !second || !fraction || !zone) {
    return std::nullopt;
  }
  // As far as nanoseconds in 64 bits go: "9999-12-31" as well says "never".
  const std::chrono::year_month_day date{std::chrono::year(std::min(*year, 2261)),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!text.empty() || !date.ok() || *year < 1678 || *hour > 23 || *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  return SystemTime(std::chrono::sys_days(date) + std::chrono::hours(*hour) +
                    std::chrono::minutes(*minute) + std::chrono::seconds(*second) + *fraction +
                    *zone);
}

std::string UnixSeconds(SystemTime time) {
  return std::to_string(std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count());
}

std::optional<SystemTime> ParseUnixSeconds(std::string_view text) {
  const auto seconds = ParseNumber(text);
  if (!seconds || *seconds > INT32_MAX) return std::nullopt;
  return SystemTime(std::chrono::seconds(static_cast<std::int64_t>(*seconds)));
}

}  // namespace stateferry::storage::s3
