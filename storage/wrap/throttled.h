#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <stop_token>

#include "base/clock.h"
#include "storage/backend.h"

namespace stateferry::storage {

/// A token bucket that holds the tokens of 100 ms.  Whoever takes more than there are waits until
/// the debt is paid, so the mean never exceeds the rate.  Thread-safe.
class RateLimiter {
 public:
  /// `bytes_per_s` > 0.
  RateLimiter(Clock& clock, std::uint64_t bytes_per_s) : clock_(clock), bytes_per_s_(bytes_per_s) {}

  /// Takes `bytes` tokens, then waits.  kCancelled when stopped while it waits.
  Result<void> Take(std::uint64_t bytes, std::stop_token stop);

 private:
  Clock& clock_;
  const std::uint64_t bytes_per_s_;
  std::mutex mutex_;
  /// When all tokens taken so far will have been paid for.  guarded by mutex_
  std::chrono::steady_clock::time_point paid_until_{};
};

/// --bwlimit: as many bytes a second may be read, and as many written, so that a copy runs at the
/// limit.  Shared by all backends of a process.
struct BandwidthLimit {
  BandwidthLimit(Clock& clock, std::uint64_t bytes_per_s)
      : read(clock, bytes_per_s), write(clock, bytes_per_s) {}
  RateLimiter read;
  RateLimiter write;
};

std::shared_ptr<Backend> WithThrottle(std::shared_ptr<Backend> inner,
                                      std::shared_ptr<BandwidthLimit> limit,
                                      std::stop_token stop = {});

}  // namespace stateferry::storage
