#include "state/entities/time_text.h"

#include <algorithm>
#include <cctype>
#include <cstdint>

namespace stateferry::state::entities {

bool IsTimeText(std::string_view text) {
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd";
  if (text.size() <= kShape.size() || text.back() != 'Z') return false;
  const auto digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  for (std::size_t i = 0; i < kShape.size(); ++i)
    if (kShape[i] == 'd' ? !digit(text[i]) : text[i] != kShape[i]) return false;
  std::string_view fraction = text.substr(kShape.size(), text.size() - kShape.size() - 1);
  if (!fraction.empty()) {
    if (fraction.front() != '.' || fraction.size() < 2 || fraction.size() > 10) return false;
    for (const char c : fraction.substr(1))
      if (!digit(c)) return false;
  }
  const auto number = [&](std::size_t at) { return (text[at] - '0') * 10 + text[at + 1] - '0'; };
  return number(5) >= 1 && number(5) <= 12 && number(8) >= 1 && number(8) <= 31 &&
         number(11) <= 23 && number(14) <= 59 && number(17) <= 60;
}

std::optional<std::chrono::sys_seconds> TimeOfText(std::string_view text) {
  if (!IsTimeText(text)) return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t digits) {
    int value = 0;
    for (const char c : text.substr(at, digits)) value = value * 10 + (c - '0');
    return value;
  };
  const std::chrono::year_month_day day{std::chrono::year(number(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                        std::chrono::day(static_cast<unsigned>(number(8, 2)))};
  return std::chrono::sys_days(day) + std::chrono::hours(number(11, 2)) +
         std::chrono::minutes(number(14, 2)) + std::chrono::seconds(number(17, 2));
}

std::chrono::nanoseconds FractionOfText(std::string_view text) {
  std::int64_t nanoseconds = 0;
  const auto point = text.find('.');
  if (!IsTimeText(text) || point == std::string_view::npos) return {};
  for (std::size_t i = 1; i <= 9; ++i) {
    const char c = text[std::min(point + i, text.size() - 1)];
    nanoseconds = nanoseconds * 10 + (c == 'Z' ? 0 : c - '0');
  }
  return std::chrono::nanoseconds(nanoseconds);
}

}  // namespace stateferry::state::entities
