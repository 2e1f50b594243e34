#include "transfer/meter.h"

#include <algorithm>

namespace stateferry::transfer {

namespace {
constexpr std::size_t kMaxFailuresKept = 1000;
/// The shown rate is that of the last seconds; parts of some MiB under a low --bwlimit take
/// several.
constexpr double kRateWindowSeconds = 10.0;
/// Less tells nothing: the first parts come in a burst.
constexpr double kShortestWindowSeconds = 1.0;
}  // namespace

Meter::Meter(std::string id, Clock& clock, ProgressSink& sink)
    : id_(std::move(id)), clock_(clock), sink_(sink), start_(clock.Steady()) {}

void Meter::TakeBack(std::uint64_t bytes) {
  auto done = bytes_done.load();
  while (!bytes_done.compare_exchange_weak(done, done - std::min(done, bytes))) {
  }
}

void Meter::SetStored(std::function<Stored()> stored) {
  std::lock_guard lock(mutex_);
  stored_ = std::move(stored);
  if (stored_) stored_at_start_ = stored_();
}

void Meter::SetRetries(std::function<std::uint64_t()> retries) {
  std::lock_guard lock(mutex_);
  retries_ = std::move(retries);
  if (retries_) retries_at_start_ = retries_();
}

void Meter::Warn(std::string_view message) {
  std::lock_guard lock(mutex_);
  sink_.OnWarning(message);
}

void Meter::AddFailure(FileFailure failure) {
  ++failures_total_;
  std::lock_guard lock(mutex_);
  if (failures_.size() < kMaxFailuresKept) failures_.push_back(std::move(failure));
}

double Meter::Seconds() const {
  return std::chrono::duration<double>(clock_.Steady() - start_).count();
}

void Meter::Show() {
  std::lock_guard lock(mutex_);
  sink_.OnProgress(Snapshot());
}

Meter::Stored Meter::StoredByThisRun() const {
  if (!stored_) return {};
  Stored stored = stored_();
  stored.plain_bytes -= stored_at_start_.plain_bytes;
  stored.duplicate_bytes -= stored_at_start_.duplicate_bytes;
  stored.stored_bytes -= stored_at_start_.stored_bytes;
  return stored;
}

Progress Meter::Snapshot() {
  Progress now;
  now.id = id_;
  now.phase = phase_.load();
  now.bytes_done = bytes_done;
  now.bytes_total = bytes_total;
  now.files_done = files_done;
  now.files_total = files_total;
  now.reused_bytes = bytes_reused;
  if (retries_) now.retries = retries_() - retries_at_start_;
  const Stored stored = StoredByThisRun();
  now.plain_bytes = stored.plain_bytes;
  now.duplicate_bytes = stored.duplicate_bytes;
  now.stored_bytes = stored.stored_bytes;
  now.verify_bytes_total = bytes_to_verify;
  now.verify_bytes_done = std::min(bytes_verified.load(), now.verify_bytes_total);
  const std::uint64_t done = now.bytes_done + now.verify_bytes_done;
  const std::uint64_t total = now.bytes_total + now.verify_bytes_total;
  now.rate_bytes_per_s = RateWith(done);
  if (now.rate_bytes_per_s >= 1 && total >= done)
    now.eta_seconds = static_cast<double>(total - done) / now.rate_bytes_per_s;
  return now;
}

/// Adds a sample; 0 while the window is too short.
double Meter::RateWith(std::uint64_t bytes) {
  const double at = Seconds();
  // A file that starts again takes back what was counted of it.
  if (!samples_.empty() && bytes < samples_.back().bytes) samples_.clear();
  samples_.push_back({at, bytes});
  while (samples_.size() > 2 && at - samples_[1].at_s >= kRateWindowSeconds) samples_.pop_front();
  const double seconds = at - samples_.front().at_s;
  if (seconds < kShortestWindowSeconds) return 0;
  return static_cast<double>(bytes - samples_.front().bytes) / seconds;
}

TransferReport Meter::Report(TransferStatus status) const {
  TransferReport report;
  report.id = id_;
  report.status = status;
  report.files_total = files_total;
  report.bytes_total = bytes_total;
  report.files_done = files_done;
  report.files_moved = files_moved;
  report.bytes_moved = bytes_moved;
  report.files_reused = files_reused;
  report.bytes_reused = bytes_reused;
  report.files_by_service = files_by_service;
  report.bytes_by_service = bytes_by_service;
  report.files_skipped = files_skipped;
  report.bytes_skipped = bytes_skipped;
  report.files_resumed = files_resumed;
  report.bytes_resumed = bytes_resumed;
  report.bytes_read = bytes_read;
  report.seconds = Seconds();
  report.failures_total = failures_total_;
  std::lock_guard lock(mutex_);
  report.failures = failures_;
  if (retries_) report.retries = retries_() - retries_at_start_;
  const Stored stored = StoredByThisRun();
  report.plain_bytes = stored.plain_bytes;
  report.duplicate_bytes = stored.duplicate_bytes;
  report.stored_bytes = stored.stored_bytes;
  return report;
}

}  // namespace stateferry::transfer
