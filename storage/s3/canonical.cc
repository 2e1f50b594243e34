#include "storage/s3/canonical.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "storage/s3/uri_encode.h"

namespace stateferry::storage::s3 {
namespace {

std::chrono::sys_seconds WholeSeconds(SystemTime time) {
  return std::chrono::floor<std::chrono::seconds>(time);
}

std::tm Utc(SystemTime time) {
  return fmt::gmtime(std::chrono::system_clock::to_time_t(WholeSeconds(time)));
}

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\v' || c == '\f'; }

std::string Trimmed(std::string_view value, InnerBlanks blanks) {
  while (!value.empty() && IsBlank(value.front())) value.remove_prefix(1);
  while (!value.empty() && IsBlank(value.back())) value.remove_suffix(1);
  if (blanks == InnerBlanks::kKeep || std::none_of(value.begin(), value.end(), IsBlank))
    return std::string(value);
  std::string out;
  for (const char c : value) {
    if (!IsBlank(c)) {
      out += c;
    } else if (!out.ends_with(' ')) {
      out += ' ';
    }
  }
  return out;
}

/// RFC 9110, section 5.6.2.
bool IsToken(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool HoldsControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

}  // namespace

std::string CompactTime(SystemTime time) {
  // Not strftime's way, which asks for the locale and the time zone: this is done for each request.
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(WholeSeconds(time) - day);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", int{date.year()}, unsigned{date.month()},
                     unsigned{date.day()}, clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

std::string HttpTime(SystemTime time) {
  // Names of days and months by hand: strftime would take them from the locale.
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::tm utc = Utc(time);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[utc.tm_wday], utc.tm_mday,
                     kMonths[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

std::string CanonicalQuery(const NameValues& query, EmptyValue empty) {
  std::vector<std::pair<std::string, std::string>> encoded;
  encoded.reserve(query.size());
  for (const auto& [name, value] : query) {
    encoded.emplace_back(EncodeQueryPart(name), EncodeQueryPart(value));
  }
  std::sort(encoded.begin(), encoded.end());
  std::string out;
  for (const auto& [name, value] : encoded) {
    if (!out.empty()) out += '&';
    out += name;
    if (!value.empty() || empty == EmptyValue::kWithEquals) out += '=' + value;
  }
  return out;
}

NameValues CanonicalHeaders(const HttpRequest& request, InnerBlanks blanks) {
  NameValues headers;
  headers.reserve(request.headers.size() + 1);
  headers.emplace_back("host", HostHeader(request));
  for (const auto& [name, value] : request.headers) {
    std::string lower = LowerCase(name);
    if (lower == "host") continue;
    // Few, and often sorted already.
    auto at = headers.end();
    while (at != headers.begin() && std::prev(at)->first > lower) --at;
    if (at != headers.begin() && std::prev(at)->first == lower) {
      std::prev(at)->second += ',' + Trimmed(value, blanks);
    } else {
      headers.emplace(at, std::move(lower), Trimmed(value, blanks));
    }
  }
  return headers;
}

Result<void> CheckSendable(const HttpRequest& request) {
  const auto wrong = [](std::string what) {
    return Error(ErrorCode::kInvalidArgument, std::move(what));
  };
  if (!IsToken(request.method)) return wrong("a request needs a method");
  if (request.scheme != "http" && request.scheme != "https") {
    return wrong("a request needs the scheme http or https");
  }
  if (request.host.empty() || HoldsControl(request.host) ||
      request.host.find_first_of(" /?#@\\") != std::string::npos) {
    return wrong("a request needs a plain host name");
  }
  if (!request.path.starts_with('/')) return wrong("the path of a request begins with '/'");
  for (const auto& [name, value] : request.headers) {
    // The value may be a secret: only the name is said.
    if (!IsToken(name)) return wrong("a header name that HTTP does not allow");
    if (HoldsControl(value)) return wrong("header " + name + " holds a line break or NUL");
    if (IsSameHeader(name, "host")) return wrong("the Host header follows from the host");
  }
  return {};
}

Result<void> CheckUsable(const Credentials& credentials) {
  if (credentials.anonymous()) return Error(ErrorCode::kPermission, "no credentials to sign with");
  if (credentials.secret_access_key.empty()) {
    return Error(ErrorCode::kPermission,
                 "the access key " + credentials.ShownId() + " has no secret");
  }
  if (HoldsControl(credentials.access_key_id)) {
    return Error(ErrorCode::kPermission, "an access key id with a line break");
  }
  return {};
}

Result<void> CheckValidFor(std::chrono::seconds valid_for) {
  constexpr std::chrono::seconds kLongest = std::chrono::days(7);
  if (valid_for >= std::chrono::seconds(1) && valid_for <= kLongest) return {};
  return Error(
      ErrorCode::kInvalidArgument,
      "a presigned URL is valid for 1 to 604800 seconds, not " + std::to_string(valid_for.count()));
}

}  // namespace stateferry::storage::s3
