#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>

#include "base/clock.h"
#include "storage/backend.h"

namespace stateferry::storage {

struct RetryOptions {
  int retries = 10;  ///< after the first try
  std::chrono::nanoseconds first_wait = std::chrono::milliseconds(100);
  std::chrono::nanoseconds max_wait = std::chrono::seconds(60);
  /// Thread-safe; uniform in [0, 1).  Waits are spread over [0, first_wait * 2^n), so that many
  /// clients of a troubled service do not come back all at once.
  std::function<double()> random;
  std::stop_token stop;
  /// Counts retries when given.
  std::shared_ptr<std::atomic<std::uint64_t>> counter;
};

/// A source for RetryOptions::random, seeded by the operating system.
std::function<double()> SystemRandomFraction();

/// The only place that repeats calls: those whose error says that it may help.  It waits at least
/// as long as the service asked for, up to max_wait.  When it gives up, the error says kExhausted.
/// Flush is not repeated.  A listing goes on behind the last key that was visited.  After a lost
/// answer a repeated Put without overwrite finds its own object: kConflict.
std::shared_ptr<Backend> WithRetries(std::shared_ptr<Backend> inner, Clock& clock,
                                     RetryOptions options);

}  // namespace stateferry::storage
