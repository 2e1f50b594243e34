#include "transfer/work_queue.h"

#include <algorithm>

namespace stateferry::transfer {

namespace {
constexpr std::size_t kReadAhead = 256;
/// With more than this to verify, verifying goes first: the files waiting for it take memory.
constexpr std::size_t kMaxWaitingVerifies = 8192;
}  // namespace

WorkQueue::WorkQueue(Journal& journal, std::string id, Limits limits,
                     std::function<void()> on_all_waiting)
    : journal_(journal),
      id_(std::move(id)),
      limits_(limits),
      on_all_waiting_(std::move(on_all_waiting)) {}

Result<void> WorkQueue::ReadAhead() {
  while (ahead_.empty() && !plan_ended_) {
    SF_TRY(auto files, journal_.Files(id_, read_from_, kReadAhead));
    if (files.empty()) {
      plan_ended_ = true;
      break;
    }
    read_from_ = files.back().index + 1;
    for (auto& file : files)
      if (file.state != FileState::kDone) ahead_.push_back(std::move(file));
  }
  return {};
}

std::uint64_t WorkQueue::Credit(const FileRecord& file) {
  return std::min(file.part_bytes, file.task.size_bytes);
}

bool WorkQueue::CanCopy() const {
  if (copies_.empty() && ahead_.empty()) return false;
  // One part is always allowed, however large.
  if (used_parts_ == 0) return true;
  const auto next = Credit(copies_.empty() ? ahead_.front() : copies_.front().file->record);
  return used_parts_ < limits_.uncommitted_parts && used_bytes_ + next <= limits_.uncommitted_bytes;
}

bool WorkQueue::AllSettled() const {
  return plan_ended_ && ahead_.empty() && copies_.empty() && unsettled_ == 0;
}

Job WorkQueue::TakeCopy() {
  Job job;
  if (!copies_.empty()) {
    job = std::move(copies_.front());
    copies_.pop_front();
  } else {
    job.file = std::make_shared<FileRun>(std::move(ahead_.front()));
    ahead_.pop_front();
    ++unsettled_;
  }
  job.credit_bytes = Credit(job.file->record);
  job.credit_parts = 1;
  used_bytes_ += job.credit_bytes;
  used_parts_ += job.credit_parts;
  return job;
}

Result<std::optional<Job>> WorkQueue::Next(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (stop.stop_requested()) return std::optional<Job>();
    SF_TRY(ReadAhead());
    if (!verifies_.empty() && (!CanCopy() || verifies_.size() > kMaxWaitingVerifies)) {
      std::optional<Job> job(std::move(verifies_.front()));
      verifies_.pop_front();
      return job;
    }
    if (CanCopy()) return std::optional<Job>(TakeCopy());
    if (AllSettled()) {
      changed_.notify_all();
      return std::optional<Job>();
    }
    if (++waiting_ == limits_.workers) {
      lock.unlock();
      on_all_waiting_();
      lock.lock();
    }
    // Woken for anything that may have changed the answer; the loop asks again.
    changed_.wait(lock, stop, [&] {
      const bool may_read_ahead = ahead_.empty() && !plan_ended_;
      return !verifies_.empty() || CanCopy() || AllSettled() || may_read_ahead;
    });
    --waiting_;
  }
}

void WorkQueue::AddParts(const std::shared_ptr<FileRun>& file,
                         std::span<const std::uint32_t> parts) {
  if (parts.empty()) return;
  std::lock_guard lock(mutex_);
  for (const auto part : parts)
    copies_.push_back({.kind = Job::Kind::kCopy, .file = file, .part_index = part});
  changed_.notify_all();
}

void WorkQueue::AddAgain(const std::shared_ptr<FileRun>& file) {
  std::lock_guard lock(mutex_);
  copies_.push_back({.kind = Job::Kind::kOpen, .file = file});
  changed_.notify_all();
}

void WorkQueue::AddVerify(const std::shared_ptr<FileRun>& file) {
  const auto parts = file->part_count();
  file->parts_left = std::max<std::uint64_t>(1, parts);
  std::lock_guard lock(mutex_);
  // An empty file has one part without bytes: its presence and length are still checked.
  for (std::uint64_t part = 0; part < std::max<std::uint64_t>(1, parts); ++part)
    verifies_.push_back(
        {.kind = Job::Kind::kVerify, .file = file, .part_index = static_cast<std::uint32_t>(part)});
  changed_.notify_all();
}

void WorkQueue::ReturnCredit(std::uint64_t bytes, std::uint64_t parts) {
  std::lock_guard lock(mutex_);
  used_bytes_ -= bytes;
  used_parts_ -= parts;
  changed_.notify_all();
}

void WorkQueue::Settle() {
  std::lock_guard lock(mutex_);
  if (--unsettled_ == 0) changed_.notify_all();
}

Result<bool> WorkQueue::Finished() {
  std::lock_guard lock(mutex_);
  SF_TRY(ReadAhead());
  return AllSettled();
}

bool WorkQueue::at_plan_end() const {
  std::lock_guard lock(mutex_);
  return plan_ended_ && ahead_.empty() && copies_.empty();
}

}  // namespace stateferry::transfer
