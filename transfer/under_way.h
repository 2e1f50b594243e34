#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

#include "base/clock.h"

namespace stateferry::transfer {

/// Bounds the bytes that are under way at once: few at first, and twice as many again and again as
/// long as some have to wait while this machine's processors have nothing to do, or wait for long.
/// Where processors are busy, more at once moves nothing faster, but takes memory, and time to get
/// it.  Decision 0014.
/// Thread-safe; must outlive its passes.
class UnderWay {
 public:
  /// The share of idle processor time since the last call, from 0 to 1; none: unknown, which counts
  /// as idle.
  using Idle = std::function<std::optional<double>()>;

  UnderWay(std::uint64_t first_bytes, Clock& clock, Idle idle)
      : clock_(clock), idle_(std::move(idle)), limit_bytes_(first_bytes) {}

  class Pass {
   public:
    Pass(Pass&& other) noexcept
        : of_(std::exchange(other.of_, nullptr)), size_bytes_(other.size_bytes_) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (of_) of_->Leave(size_bytes_);
    }

   private:
    friend class UnderWay;
    Pass(UnderWay* of, std::uint64_t size_bytes) : of_(of), size_bytes_(size_bytes) {}
    UnderWay* of_;
    std::uint64_t size_bytes_;
  };

  /// Waits for room; something is always let in, however large.  Empty when asked to stop.
  std::optional<Pass> Enter(std::uint64_t size_bytes, std::stop_token stop);

 private:
  void Leave(std::uint64_t size_bytes);
  void Grow();

  Clock& clock_;
  const Idle idle_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::uint64_t limit_bytes_;                          // guarded by mutex_
  std::uint64_t used_bytes_ = 0;                       // guarded by mutex_
  std::chrono::steady_clock::time_point looked_at_{};  // guarded by mutex_
  std::chrono::steady_clock::time_point grown_at_{};   // or when waiting began; guarded by mutex_
  int idle_looks_ = 0;                                 // guarded by mutex_
  /// One of those who wait looks whether the limit may grow; guarded by mutex_.
  bool is_watched_ = false;
};

}  // namespace stateferry::transfer
