#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

#include "transfer/file_run.h"
#include "transfer/journal.h"

namespace stateferry::transfer {

struct Job {
  enum class Kind {
    kOpen,    ///< a file of the plan comes up; the opener moves its first part too
    kCopy,    ///< one further part
    kVerify,  ///< one part to read back
  };
  Kind kind = Kind::kOpen;
  std::shared_ptr<FileRun> file;
  std::uint32_t part_index = 0;
  /// To give back with ReturnCredit once journaled or not needed.
  std::uint64_t credit_bytes = 0, credit_parts = 0;
};

/// Hands out the work of a run in plan order, streaming the plan from the journal.
/// Bytes that were read but are not journaled yet would be read again after a crash, so copying
/// needs credit, which the committer gives back; without credit workers verify what is committed.
/// Thread-safe.
class WorkQueue {
 public:
  struct Limits {
    std::uint64_t uncommitted_bytes;
    std::uint64_t uncommitted_parts;
    int workers;
  };
  /// `on_all_waiting` is called when every worker waits: only a commit can bring more work.
  WorkQueue(Journal& journal, std::string id, Limits limits, std::function<void()> on_all_waiting);

  /// Waits for work.  Empty: all files are settled, or the run stops.
  Result<std::optional<Job>> Next(std::stop_token stop);

  /// Further parts of a file that was handed out; they come before new files.
  void AddParts(const std::shared_ptr<FileRun>& file, std::span<const std::uint32_t> parts);
  /// Hands the whole file out again.
  void AddAgain(const std::shared_ptr<FileRun>& file);
  /// All parts of a file that is durable at the destination and whose hashes are known.
  void AddVerify(const std::shared_ptr<FileRun>& file);
  void ReturnCredit(std::uint64_t bytes, std::uint64_t parts);
  /// One file that was handed out needs nothing more from this run.
  void Settle();
  /// Every file of the plan is settled: a stop that came meanwhile came too late.
  Result<bool> Finished();
  /// The plan has been handed out completely.
  bool at_plan_end() const;

 private:
  Result<void> ReadAhead();
  static std::uint64_t Credit(const FileRecord& file);
  bool CanCopy() const;
  bool AllSettled() const;
  Job TakeCopy();

  Journal& journal_;
  const std::string id_;
  const Limits limits_;
  const std::function<void()> on_all_waiting_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  // All guarded by mutex_.
  std::deque<FileRecord> ahead_;
  std::uint64_t read_from_ = 0;
  bool plan_ended_ = false;
  std::deque<Job> copies_;
  std::deque<Job> verifies_;
  std::uint64_t used_bytes_ = 0, used_parts_ = 0;
  std::uint64_t unsettled_ = 0;
  int waiting_ = 0;
};

}  // namespace stateferry::transfer
