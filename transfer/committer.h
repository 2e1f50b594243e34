#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "transfer/endpoints.h"
#include "transfer/file_run.h"
#include "transfer/journal.h"
#include "transfer/meter.h"
#include "transfer/request.h"
#include "transfer/work_queue.h"

namespace stateferry::transfer {

/// Something that a worker did and that is to be remembered.
struct Accepted {
  enum class What {
    kPart,        ///< the receipt only; without one: the upload is begun
    kCompleted,   ///< the file is whole at the destination
    kReused,      ///< the destination had the content; no byte was read
    kFailed,      ///< for good, in this run; its parts, or what is written, stay of use
    kFailedAnew,  ///< the same, and what is there of it is worthless
    kRestarted,   ///< the source changed: the record of `file` replaces `replaced`, whose parts are
                  ///< void
    kVerified,    ///< read back and equal
  };
  What what = What::kPart;
  std::shared_ptr<FileRun> file;
  std::shared_ptr<FileRun> replaced = nullptr;
  std::optional<PartReceipt> receipt = std::nullopt;
  std::uint64_t credit_bytes = 0;
  std::uint64_t credit_parts = 0;
};

/// The one thread that makes things durable: Flush at the destination, then one synced journal
/// batch.  It works beside the workers, so that flushing overlaps with copying.  Receipts are never
/// journaled before the bytes that they speak of are flushed.  Accept, Hurry and Close are
/// thread-safe; SetQueue is called before Run, and Run by one thread.
class Committer {
 public:
  struct Inputs {
    const std::string& id;
    Journal& journal;
    Endpoints& ends;
    const TransferOptions& options;
    Meter& meter;
    bool verify;                       ///< completed files are to be read back
    std::function<void()> on_failure;  ///< a commit failed: the run is to stop
  };
  explicit Committer(Inputs inputs) : in_(std::move(inputs)) {}

  /// Before Run.
  void SetQueue(WorkQueue* queue) { queue_ = queue; }
  void Accept(Accepted entry);
  /// Commit what there is: the workers wait for it.
  void Hurry();
  /// No more entries will come; Run commits what is left and returns.
  void Close();
  /// Body of the committer's thread.  The error of the commit that failed, if one did.
  Result<void> Run();

 private:
  std::chrono::milliseconds Interval() const;
  Result<void> Commit(std::vector<Accepted>& entries);
  void NoteIdentity(const Accepted& entry) const;
  Journal::Batch MakeBatch(std::vector<Accepted>& entries);
  FileRun::Committing& NotesOf(FileRun& file) const;
  void Add(Accepted& entry, std::size_t position, Journal::Batch& batch);
  void Release(std::vector<Accepted>& entries);
  bool KeepsReceipts(const Accepted& entry, std::size_t position) const;

  const Inputs in_;
  WorkQueue* queue_ = nullptr;
  std::uint64_t batch_number_ = 0;  // of the committer's thread

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Accepted> entries_;     // guarded by mutex_
  std::uint64_t accepted_bytes_ = 0;  // guarded by mutex_
  bool hurry_ = false;                // guarded by mutex_
  bool closed_ = false;               // guarded by mutex_
  bool broken_ = false;               // guarded by mutex_
};

}  // namespace stateferry::transfer
