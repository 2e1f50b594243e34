#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <stop_token>

#include "base/clock.h"
#include "base/result.h"

namespace stateferry::storage::s3 {

/// How many requests a second a bucket gets from this process: additive increase, multiplicative
/// decrease.  Without a limit but the given one until the service first asks to slow down; then
/// half of what was sent in the last second, halved again at most once a second, and climbing by a
/// twentieth of the rate at that time for each second without a complaint.  Thread-safe: shared by
/// all workers.
class RequestRate {
 public:
  /// Never more than `ceiling` requests a second; 0 = no such limit.
  explicit RequestRate(Clock& clock, std::uint32_t ceiling = 0)
      : clock_(clock), ceiling_(ceiling) {}

  /// Waits for this request's turn.  kCancelled when stopped while it waits.
  Result<void> Take(std::stop_token stop);
  /// The service asked to slow down.
  void Throttled();
  /// Requests a second; 0 = no limit yet.  Not above the ceiling.
  double limit() const;

 private:
  using Time = std::chrono::steady_clock::time_point;
  void Climb(Time now);
  void Count(Time now);
  double Limit() const;

  Clock& clock_;
  const double ceiling_;
  mutable std::mutex mutex_;
  // All guarded by mutex_.
  double limit_ = 0;
  double step_per_s_ = 0;
  Time climbed_at_{};
  Time halved_at_{};
  Time next_turn_{};
  Time second_began_{};
  double this_second_ = 0;  ///< requests since second_began_
  double last_second_ = 0;
};

}  // namespace stateferry::storage::s3
