#pragma once

#include <mutex>
#include <vector>

#include "base/clock.h"

namespace stateferry::fakes {

/// A clock that stands still until it is turned.  Sleeping turns it, at once, and is remembered.
/// Thread-safe.
class FakeClock final : public Clock {
 public:
  /// Starts at 2026-01-01T00:00:00Z.
  FakeClock() = default;

  std::chrono::system_clock::time_point Now() const override {
    std::lock_guard lock(mutex_);
    return wall_;
  }
  std::chrono::steady_clock::time_point Steady() const override {
    std::lock_guard lock(mutex_);
    return steady_;
  }
  bool Sleep(std::chrono::nanoseconds duration, std::stop_token stop) override {
    if (stop.stop_requested()) return false;
    Advance(duration);
    std::lock_guard lock(mutex_);
    sleeps_.push_back(duration);
    return true;
  }

  void Advance(std::chrono::nanoseconds duration) {
    std::lock_guard lock(mutex_);
    wall_ += std::chrono::duration_cast<std::chrono::system_clock::duration>(duration);
    steady_ += std::chrono::duration_cast<std::chrono::steady_clock::duration>(duration);
  }
  /// Wall time jumps, forward or back; steady time does not notice.
  void JumpWall(std::chrono::nanoseconds duration) {
    std::lock_guard lock(mutex_);
    wall_ += std::chrono::duration_cast<std::chrono::system_clock::duration>(duration);
  }
  std::vector<std::chrono::nanoseconds> sleeps() const {
    std::lock_guard lock(mutex_);
    return sleeps_;
  }

 private:
  mutable std::mutex mutex_;
  std::chrono::system_clock::time_point wall_{std::chrono::seconds(1767225600)};
  std::chrono::steady_clock::time_point steady_{std::chrono::hours(1)};
  std::vector<std::chrono::nanoseconds> sleeps_;
};

}  // namespace stateferry::fakes
