#include "storage/http/http_date.h"

#include <time.h>

#include <string>

namespace stateferry::storage::http {

// In the C locale, which this program never leaves.
std::optional<std::chrono::system_clock::time_point> ParseHttpDate(std::string_view text) {
  std::tm parts{};
  const std::string terminated(text);  // `end` points into it
  const char* end = ::strptime(terminated.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (!end || *end != '\0') return std::nullopt;
  // As far as nanoseconds in 64 bits go.
  if (parts.tm_year < 1678 - 1900 || parts.tm_year > 2261 - 1900) return std::nullopt;
  return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

}  // namespace stateferry::storage::http
