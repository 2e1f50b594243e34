#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "transfer/progress.h"
#include "transfer/report.h"

namespace stateferry::transfer {

/// What a run has done so far: written by all threads, shown by one.  Thread-safe.
class Meter {
 public:
  /// What a managed destination has made of the bytes so far.
  struct Stored {
    std::uint64_t plain_bytes = 0, duplicate_bytes = 0, stored_bytes = 0;
  };

  Meter(std::string id, Clock& clock, ProgressSink& sink);

  // Totals of the plan, and counters of this run as in TransferReport.
  std::atomic<std::uint64_t> files_total{0}, bytes_total{0};
  std::atomic<std::uint64_t> files_done{0}, bytes_done{0};  ///< all runs together
  std::atomic<std::uint64_t> files_moved{0}, bytes_moved{0};
  std::atomic<std::uint64_t> files_reused{0}, bytes_reused{0};
  std::atomic<std::uint64_t> files_by_service{0}, bytes_by_service{0};
  std::atomic<std::uint64_t> files_skipped{0}, bytes_skipped{0};
  std::atomic<std::uint64_t> files_resumed{0}, bytes_resumed{0};
  std::atomic<std::uint64_t> bytes_read{0};
  /// Read back from the destination, and how much that will be; 0 when nothing is to be.
  std::atomic<std::uint64_t> bytes_verified{0}, bytes_to_verify{0};

  /// Bytes that were done are to be done again.
  void TakeBack(std::uint64_t bytes);
  void SetPhase(std::string_view literal) { phase_ = literal.data(); }
  void SetStored(std::function<Stored()> stored);
  void SetRetries(std::function<std::uint64_t()> retries);
  void Warn(std::string_view message);
  void AddFailure(FileFailure failure);
  bool has_failures() const { return failures_total_ > 0; }

  /// Calls the sink with where the run stands.
  void Show();
  double Seconds() const;
  TransferReport Report(TransferStatus status) const;

 private:
  Progress Snapshot();
  double RateWith(std::uint64_t bytes);
  Stored StoredByThisRun() const;  // caller holds mutex_

  const std::string id_;
  Clock& clock_;
  ProgressSink& sink_;
  const std::chrono::steady_clock::time_point start_;
  std::atomic<const char*> phase_{"planning"};
  std::atomic<std::uint64_t> failures_total_{0};
  mutable std::mutex mutex_;
  std::function<Stored()> stored_;          // guarded by mutex_
  Stored stored_at_start_;                  // guarded by mutex_
  std::function<std::uint64_t()> retries_;  // guarded by mutex_
  std::uint64_t retries_at_start_ = 0;      // guarded by mutex_
  std::vector<FileFailure> failures_;       // guarded by mutex_
  /// What was done when; the rate is that between the first and the last.
  struct Sample {
    double at_s;
    std::uint64_t bytes;
  };
  std::deque<Sample> samples_;  // guarded by mutex_; of the last seconds
};

}  // namespace stateferry::transfer
