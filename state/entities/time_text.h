#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace stateferry::state::entities {

/// RFC 3339 in UTC with up to nine digits behind the second: "2026-11-20T23:51:19.123Z".
bool IsTimeText(std::string_view text);

/// To the second; nothing when it is no such text.
std::optional<std::chrono::sys_seconds> TimeOfText(std::string_view text);
/// What lies behind the second; 0 when it is no such text.
std::chrono::nanoseconds FractionOfText(std::string_view text);

}  // namespace stateferry::state::entities
