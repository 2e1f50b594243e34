#include "storage/wrap/bandwidth_table.h"

#include <algorithm>
#include <ctime>

namespace stateferry::storage {

BandwidthTable::BandwidthTable(std::vector<Entry> entries) : entries_(std::move(entries)) {
  std::stable_sort(entries_.begin(), entries_.end(),
                   [](const Entry& a, const Entry& b) { return a.minute < b.minute; });
}

std::uint64_t BandwidthTable::RateAt(std::chrono::system_clock::time_point time) const {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm here{};
  localtime_r(&seconds, &here);
  return RateAtMinute(static_cast<std::uint32_t>(here.tm_wday) * kMinutesPerDay +
                      static_cast<std::uint32_t>(here.tm_hour * 60 + here.tm_min));
}

std::uint64_t BandwidthTable::RateAtMinute(std::uint32_t minute_of_week) const {
  if (entries_.empty()) return 0;
  const auto after = std::upper_bound(
      entries_.begin(), entries_.end(), minute_of_week,
      [](std::uint32_t minute, const Entry& entry) { return minute < entry.minute; });
  return after == entries_.begin() ? entries_.back().bytes_per_s : std::prev(after)->bytes_per_s;
}

bool BandwidthTable::never_limits() const {
  return std::all_of(entries_.begin(), entries_.end(),
                     [](const Entry& entry) { return entry.bytes_per_s == 0; });
}

}  // namespace stateferry::storage
