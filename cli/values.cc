#include "cli/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>
#include <vector>

#include "state/snapshot/relocate.h"

namespace stateferry::cli {

namespace {
Error Bad(std::string message) { return Error(ErrorCode::kInvalidArgument, std::move(message)); }
}  // namespace

Result<bool> ParseFlag(std::string_view text) {
  for (const std::string_view yes : {"true", "yes", "on", "1"})
    if (text == yes) return true;
  for (const std::string_view no : {"false", "no", "off", "0", ""})
    if (text == no) return false;
  return Bad(fmt::format("'{}' is neither true nor false", text));
}

Result<std::uint64_t> ParseCount(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size() || number > 1'000'000)
    return Bad(fmt::format("'{}' is not a whole number from 0 to 1,000,000", text));
  return number;
}

Result<double> ParseFraction(std::string_view text) {
  std::string_view number_text = text;
  const bool percent = number_text.ends_with('%');
  if (percent) number_text.remove_suffix(1);
  double number = 0;
  const char* const last = number_text.data() + number_text.size();
  const auto [end, problem] = std::from_chars(number_text.data(), last, number);
  if (percent) number /= 100;
  if (problem != std::errc() || end != last || !(number >= 0 && number <= 1))
    return Bad(fmt::format("'{}' is not a fraction; write 0 to 1, or 0% to 100%", text));
  return number;
}

namespace {
using Bandwidths = storage::BandwidthTable;

/// "08:00" or "Mon-08:00": the minutes of the week that it means.
std::optional<std::vector<std::uint32_t>> MinutesOf(std::string_view text) {
  constexpr std::array<std::string_view, 7> kDays = {"sun", "mon", "tue", "wed",
                                                     "thu", "fri", "sat"};
  std::uint32_t first = 0, days = static_cast<std::uint32_t>(kDays.size());
  if (text.size() == 9 && text[3] == '-') {
    std::string day(text.substr(0, 3));
    for (char& c : day) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const auto at = std::find(kDays.begin(), kDays.end(), day);
    if (at == kDays.end()) return std::nullopt;
    first = static_cast<std::uint32_t>(at - kDays.begin());
    days = 1;
    text.remove_prefix(4);
  }
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto digit = [&](std::size_t at) -> std::uint32_t {
    return text[at] >= '0' && text[at] <= '9' ? static_cast<std::uint32_t>(text[at] - '0') : 99;
  };
  const std::uint32_t hour = digit(0) * 10 + digit(1), minute = digit(3) * 10 + digit(4);
  if (hour > 23 || minute > 59) return std::nullopt;
  std::vector<std::uint32_t> minutes;
  for (std::uint32_t day = first; day < first + days; ++day)
    minutes.push_back(day * Bandwidths::kMinutesPerDay + hour * 60 + minute);
  return minutes;
}
}  // namespace

Result<storage::BandwidthTable> ParseBandwidth(std::string_view text) {
  if (text.find(',') == std::string_view::npos) {
    SF_TRY(const std::uint64_t rate, ParseRate(text));
    return Bandwidths(rate);
  }
  std::vector<Bandwidths::Entry> entries;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view item = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(item.size() + 1, rest.size()));
    if (item.empty()) continue;
    const auto comma = item.find(',');
    const auto minutes = MinutesOf(item.substr(0, comma));
    if (comma == std::string_view::npos || !minutes)
      return Bad(
          fmt::format("'{}' is not a time and a rate, such as 08:00,512K or Mon-08:00,10M", item));
    SF_TRY(const std::uint64_t rate, ParseRate(item.substr(comma + 1)));
    for (const std::uint32_t minute : *minutes) entries.push_back({minute, rate});
  }
  return Bandwidths(std::move(entries));
}

Result<storage::CompressPolicy> ParseCompress(std::string_view text) {
  using Mode = storage::CompressPolicy::Mode;
  if (text == "auto") return storage::CompressPolicy{.mode = Mode::kAuto};
  if (text == "none") return storage::CompressPolicy{.mode = Mode::kNone};
  if (text == "zstd") return storage::CompressPolicy{.mode = Mode::kZstd};
  if (text.starts_with("zstd:")) {
    const std::string_view number = text.substr(5);
    int level = 0;
    const auto [end, problem] =
        std::from_chars(number.data(), number.data() + number.size(), level);
    if (problem == std::errc() && end == number.data() + number.size() && level >= -7 &&
        level <= 19 && level != 0)
      return storage::CompressPolicy{.mode = Mode::kZstd, .zstd_level = level};
  }
  return Bad(fmt::format(
      "'{}' is not auto, none, zstd or zstd:LEVEL with a level from -7 to 19 and not 0", text));
}

Result<storage::Location> ParsePlace(std::string_view text) {
  SF_TRY(storage::Location place, storage::ParseLocation(text));
  if (place.scheme == "mem")
    return Bad(fmt::format("{} is memory of this program, gone when it ends", text))
        .WithHint("give a directory or managed:///STORE/PROJECT/KEY");
  return place;
}

namespace {
/// Whether a '=' behind `before` is that of an option: "s3://bucket/key?profile".
bool EndsOptionName(std::string_view before) {
  const std::size_t question = before.find('?'), before_name = before.find_last_of("?&/=");
  if (!before.starts_with("s3") && !before.starts_with("oss:")) return false;  // others have none
  if (question == std::string_view::npos || before.find("://") > question) return false;
  return (before[before_name] == '?' || before[before_name] == '&') &&
         before_name + 1 < before.size();
}
}  // namespace

Result<std::pair<storage::Location, storage::Location>> ParsePathMap(std::string_view text) {
  // Paths may hold '=' ("dt=2026-01-01"), so the splitting '=' is the last one behind which a
  // place clearly starts; only without such a one it is the first.  The value of an option may look
  // like a place, too ("?endpoint=http://...").
  std::size_t split = std::string_view::npos;
  for (std::size_t at = text.find('='); at != std::string_view::npos; at = text.find('=', at + 1)) {
    if (EndsOptionName(text.substr(split + 1, at - split - 1))) continue;
    const std::string_view rest = text.substr(at + 1);
    const std::size_t scheme_end = rest.find(":/");
    const bool scheme = scheme_end != std::string_view::npos && scheme_end > 0 &&
                        rest.substr(0, scheme_end).find_first_of("/=") == std::string_view::npos;
    if (rest.starts_with('/') || scheme) split = at;
  }
  if (split == std::string_view::npos) split = text.find('=');
  if (split == std::string_view::npos || split == 0 || split + 1 == text.size())
    return Bad(fmt::format(
        "{} is not OLD=NEW, two places with '=' between them",
        text.find('@') == std::string_view::npos ? fmt::format("'{}'", text) : "what was given"));
  // OLD is only ever compared with what metadata names, so it may lie where no backend reaches.
  auto from = storage::ParseLocation(text.substr(0, split));
  if (!from) from = state::snapshot::ParseRestoreUri(text.substr(0, split));
  if (!from) return std::move(from).error();
  SF_TRY(auto to, ParsePlace(text.substr(split + 1)));
  return std::pair(std::move(*from), std::move(to));
}

}  // namespace stateferry::cli
