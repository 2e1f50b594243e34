#pragma once

#include <chrono>
#include <stop_token>
#include <string>

namespace stateferry {

/// Wall time for records, steady time for durations.  Passed in, so tests can turn it.
/// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall time; may jump either way.  Never used to measure a duration.
  virtual std::chrono::system_clock::time_point Now() const = 0;
  virtual std::chrono::steady_clock::time_point Steady() const = 0;
  /// False when stopped before the time was over.
  virtual bool Sleep(std::chrono::nanoseconds duration, std::stop_token stop) = 0;
};

/// The real clock; lives as long as the process.
Clock& SystemClock();

/// RFC 3339 in UTC with milliseconds: 2026-11-20T23:51:19.123Z.
std::string FormatTime(std::chrono::system_clock::time_point time);

}  // namespace stateferry
