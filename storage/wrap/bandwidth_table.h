#pragma once
// A limit on bytes a second that may depend on the time of the week.

#include <chrono>
#include <cstdint>
#include <vector>

namespace stateferry::storage {

/// Values; copies freely.
class BandwidthTable {
 public:
  static constexpr std::uint32_t kMinutesPerDay = 24 * 60;
  static constexpr std::uint32_t kMinutesPerWeek = 7 * kMinutesPerDay;
  struct Entry {
    std::uint32_t minute = 0;       ///< of the week, from Sunday 00:00, below kMinutesPerWeek
    std::uint64_t bytes_per_s = 0;  ///< from then on; 0 = no limit
  };

  /// Never a limit.
  BandwidthTable() = default;
  /// Always the same.
  explicit BandwidthTable(std::uint64_t bytes_per_s) : BandwidthTable({{0, bytes_per_s}}) {}
  /// In any order.  What the last entry of the week says holds until the first one of the next.
  explicit BandwidthTable(std::vector<Entry> entries);

  /// At that time by the clock on the wall here (the time zone of the process); 0 = no limit.
  std::uint64_t RateAt(std::chrono::system_clock::time_point time) const;
  std::uint64_t RateAtMinute(std::uint32_t minute_of_week) const;
  bool never_limits() const;

 private:
  std::vector<Entry> entries_;  // by minute
};

}  // namespace stateferry::storage
