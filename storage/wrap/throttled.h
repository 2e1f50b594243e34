#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <stop_token>

#include "base/clock.h"
#include "storage/backend.h"
#include "storage/wrap/bandwidth_table.h"

namespace stateferry::storage {

/// A token bucket that holds the tokens of 100 ms.  Whoever takes more than there are waits until
/// the debt is paid, so the mean never exceeds the rate.  A debt that was made under one rate is
/// paid at the one that counts by then.  Thread-safe.
class RateLimiter {
 public:
  RateLimiter(Clock& clock, BandwidthTable table) : clock_(clock), table_(std::move(table)) {}

  /// Takes `bytes` tokens, then waits.  kCancelled when stopped while it waits.
  Result<void> Take(std::uint64_t bytes, std::stop_token stop);

 private:
  /// Tokens a second now; with mutex_ held.
  double Pay();

  Clock& clock_;
  const BandwidthTable table_;
  std::mutex mutex_;
  // Guarded by mutex_: tokens since the beginning, as doubles exact up to 2^53.
  double taken_ = 0, paid_ = 0;
  double rate_ = 0;  // guarded by mutex_: since paid_at_
  std::chrono::steady_clock::time_point paid_at_{};
};

/// --bwlimit: as many bytes a second may be read, and as many written, so that a copy runs at the
/// limit.  Shared by all backends of a process.
struct BandwidthLimit {
  BandwidthLimit(Clock& clock, const BandwidthTable& table)
      : read(clock, table), write(clock, table) {}
  RateLimiter read;
  RateLimiter write;
};

std::shared_ptr<Backend> WithThrottle(std::shared_ptr<Backend> inner,
                                      std::shared_ptr<BandwidthLimit> limit,
                                      std::stop_token stop = {});

}  // namespace stateferry::storage
