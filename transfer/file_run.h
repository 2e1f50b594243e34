#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "storage/service_copy.h"
#include "transfer/endpoints.h"
#include "transfer/journal.h"
#include "transfer/plan.h"

namespace stateferry::transfer {

/// One file of the plan while a run works on it.  Who may touch what:
/// - the worker that opens it: everything but `committing`, before any part is handed out, which is
///   when `missing` is set for good;
/// - workers with a part in flight: reads, Fail(), and hashes and source_checksums[their part];
/// - the worker that returns the last part: the upload;
/// - the committer: reads, `committing`, and record and upload of a file that was completed.
/// A file that starts again because its source changed becomes a new FileRun.
struct FileRun {
  explicit FileRun(FileRecord planned)
      : record(std::move(planned)),
        hashes(static_cast<std::size_t>(part_count())),
        source_checksums(hashes.size()) {}

  FileRecord record;
  int restarts = 0;  ///< in this run
  Endpoints::Source source;
  std::string to_key;
  std::unique_ptr<storage::Upload> upload;
  /// Its bytes do not come here: set before any part is handed out.
  bool by_service = false;
  storage::CopySource copy_source;                             ///< when they do not
  std::optional<storage::ObjectSums> source_sums;              ///< once they were asked for
  bool only_streamed = false;                                  ///< the service was not able to
  std::atomic<bool> stream_instead{false};                     ///< the service refused a part
  std::vector<Hash128> hashes;                                 ///< of the accepted parts
  std::vector<std::optional<std::uint64_t>> source_checksums;  ///< of the parts of this run
  std::vector<std::uint32_t> missing;                          ///< parts to copy
  std::atomic<std::size_t> handed_out{0};    ///< of them, when --concurrency holds some back
  std::atomic<std::uint64_t> parts_left{0};  ///< handed out or waiting, in the current step
  std::atomic<bool> failed{false};
  /// The source ended early (it shrank, or always was short) or is another version now.
  std::atomic<bool> short_read{false};

  /// Each part is, and both times the same must come: set before any part is handed out.
  bool is_read_twice = false;
  /// All of it was read in one request of the version that was planned.
  bool is_version = false;

  /// The worker that completed it knows already that it is what it should be: nobody reads it back.
  bool is_proved = false;
  std::atomic<bool> at_destination{false};  ///< completed, by this run or an earlier one
  /// EtagHash of what was completed, from the worker that did it; 0: not known yet.
  std::uint64_t completed_etag_hash = 0;
  /// The committer was given an entry of it, with which the upload becomes known to the journal.
  std::atomic<bool> accepted{false};
  /// The journal may hold receipts of an upload that is gone: they go with the first batch that
  /// says anything of this file.
  bool starts_anew = false;

  /// The committer's own notes.
  struct Committing {
    std::uint64_t batch = 0;      ///< the batch these notes are about
    std::size_t void_before = 0;  ///< parts in that batch before this entry are void
    // Whatever the batch:
    bool concluded = false;
    bool token_journaled = false;
    bool receipts_dropped = false;  ///< as starts_anew asks
  } committing;

  std::uint64_t size_bytes() const { return record.task.size_bytes; }
  std::uint64_t part_count() const { return PartCount(size_bytes(), record.part_bytes); }
  std::uint64_t part_offset(std::uint32_t part) const { return part * record.part_bytes; }
  /// 0 for the only, pretended part of an empty file.
  std::size_t part_size(std::uint32_t part) const {
    return static_cast<std::size_t>(std::min(record.part_bytes, size_bytes() - part_offset(part)));
  }

  /// The first failure is kept.
  void Fail(Error error) {
    std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
    failed = true;
  }
  /// A better explanation of the same failure.
  void FailInstead(Error error) {
    std::lock_guard lock(mutex_);
    error_ = std::move(error);
    failed = true;
  }
  Error error() const {
    std::lock_guard lock(mutex_);
    return *error_;
  }

 private:
  mutable std::mutex mutex_;
  std::optional<Error> error_;  // guarded by mutex_
};

}  // namespace stateferry::transfer
