#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace stateferry::storage::http {

/// "Wed, 21 Oct 2015 07:28:00 GMT", as Date and Last-Modified have it.  Nothing for any other form.
std::optional<std::chrono::system_clock::time_point> ParseHttpDate(std::string_view text);

}  // namespace stateferry::storage::http
