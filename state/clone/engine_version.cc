#include "state/clone/engine_version.h"

#include <array>
#include <charconv>

namespace stateferry::state::clone {

namespace {

using Version = std::array<unsigned, 3>;  // compared in order; missing numbers are 0

constexpr Version kFirstVvr{6, 0, 2}, kFirstFlink{1, 15, 0};

/// The numbers at the start of the text, with '.' or '_' between them.  False when there are none,
/// or when something else than '-' and more words stands behind them.
bool ReadVersion(std::string_view text, Version& version) {
  version = {};
  for (unsigned& number : version) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    // "11.x" is any release of 11.
    const bool any = error != std::errc() && text.starts_with('x') && &number != version.data();
    if (error != std::errc() && !any) return false;
    text.remove_prefix(any ? 1 : static_cast<std::size_t>(end - text.data()));
    if (text.empty() || text.front() == '-') return true;
    if (text.front() != '.' && text.front() != '_') return false;
    text.remove_prefix(1);
  }
  return true;
}

}  // namespace

bool CarriesState(std::string_view engine_version) {
  Version version;
  const auto at_least = [&](std::string_view prefix, const Version& first) {
    return ReadVersion(engine_version.substr(prefix.size()), version) && version >= first;
  };
  for (const std::string_view flink : {"flink-", "v"})
    if (engine_version.starts_with(flink) && !engine_version.starts_with("vvr-"))
      return at_least(flink, kFirstFlink);
  if (engine_version.starts_with("vvr-")) return at_least("vvr-", kFirstVvr);
  if (!ReadVersion(engine_version, version)) return false;
  return version[0] == 1 ? version >= kFirstFlink : version >= kFirstVvr;
}

}  // namespace stateferry::state::clone
