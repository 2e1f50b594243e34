#pragma once
// The durable record of transfers, in RocksDB under the home directory.  docs/formats/journal.md.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/file_io.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/result.h"
#include "transfer/home_lock.h"
#include "transfer/report.h"
#include "transfer/request.h"

namespace stateferry::transfer {

/// An object that was put once all files were there, which has no FileRecord.
struct LastObjectReceipt {
  std::string to_name;  ///< below the destination
  std::uint64_t size_bytes = 0;
  Hash128 hash;  ///< XXH3-128 of its bytes
  bool operator==(const LastObjectReceipt&) const = default;
};

struct TransferRecord {
  std::string id;
  TransferStatus status = TransferStatus::kPlanned;
  std::string kind, from, to;
  Json parameters;
  std::vector<std::string> command;
  std::string created, updated;  ///< RFC 3339
  bool plan_complete = false;
  /// A run has begun to write: what is at the destination may be the work of this transfer.
  bool started = false;
  std::uint64_t files_total = 0, bytes_total = 0;
  std::string error;    ///< of the last run, "" when none
  std::string summary;  ///< last report as JSON
  /// What the finalizer put; none: not known (an older version did it), or no run has come so far
  /// since the last one that began to write.
  std::optional<std::vector<LastObjectReceipt>> last_objects;
};

enum class FileState : std::uint8_t { kPending = 0, kWritten = 1, kDone = 2, kFailed = 3 };

/// A planned file with what is known of its progress.
struct FileRecord {
  std::uint64_t index = 0;  ///< position in the plan
  FileTask task;
  std::uint64_t part_bytes = 0;
  FileState state = FileState::kPending;
  /// The object at the destination was put there by this transfer, so this transfer may replace it.
  bool owned = false;
  std::string resume_token;  ///< of the unfinished upload at the destination, "" when none
  std::string error;
  /// EtagHash of the object at the destination when this transfer last knew what it is; 0 when it
  /// does not know.  Another one there means that somebody has put another object.
  std::uint64_t to_etag_hash = 0;
  /// ContentHash of the bytes at the destination; empty when they were not read by this transfer.
  std::optional<Hash128> content;
};

struct PartReceipt {
  std::uint32_t part_index = 0;
  std::uint32_t size_bytes = 0;
  Hash128 hash = {};  ///< XXH3-128 of the plain bytes; not known when by_service
  /// of Backend::ReadSummed of the source; only of whole objects.
  std::optional<std::uint64_t> source_checksum = {};
  /// The service has copied the part, and no byte of it was seen.
  bool by_service = false;
};

/// Never 0.
std::uint64_t EtagHash(std::string_view etag);

/// One hash for a whole file from those of its parts (of FileRecord::part_bytes): what remains when
/// the receipts are dropped.
Hash128 ContentHash(std::uint64_t size_bytes, std::span<const Hash128> parts);

/// One writer per home (kLocked names it); readers work beside a writer.  Thread-safe.
class Journal {
 public:
  /// Errors: kLocked; kRefused when the home was written by a newer version; kPermission.
  /// `clock`, and the hooks of `io`, must outlive the journal.
  static Result<std::unique_ptr<Journal>> Open(const FileIo& io, Clock& clock,
                                               const std::string& home_dir, bool read_only);
  /// For writing, in a home whose lock the caller holds for longer than the journal lives.
  static Result<std::unique_ptr<Journal>> Open(const FileIo& io, const std::string& home_dir,
                                               const HomeLock& held);
  virtual ~Journal() = default;

  virtual Result<std::vector<TransferRecord>> List() = 0;
  virtual Result<std::optional<TransferRecord>> Find(const std::string& id) = 0;
  /// Durable on return.
  virtual Result<void> PutTransfer(const TransferRecord& record) = 0;
  /// Adds planned files; durable with the next PutTransfer or Commit.
  virtual Result<void> AddFiles(const std::string& id, const std::vector<FileRecord>& files) = 0;
  /// Up to `limit` planned files in plan order, from `first_index` on (indices may have gaps);
  /// none: the plan ends here.
  virtual Result<std::vector<FileRecord>> Files(const std::string& id, std::uint64_t first_index,
                                                std::size_t limit) = 0;
  /// One past the largest index in the plan, 0 when it is empty.
  virtual Result<std::uint64_t> EndIndex(const std::string& id) = 0;
  /// In plan order, from `first_index` on.  An error from `visit` ends the walk and is returned.
  virtual Result<void> VisitFiles(const std::string& id, std::uint64_t first_index,
                                  const std::function<Result<void>(FileRecord)>& visit);
  /// In part order.
  virtual Result<std::vector<PartReceipt>> Receipts(const std::string& id,
                                                    std::uint64_t file_index) = 0;

  /// Everything one commit of the executor makes durable, in one synced batch.
  struct Batch {
    struct Part {
      std::uint64_t file_index;
      PartReceipt receipt;
    };
    std::vector<Part> parts;
    std::vector<FileRecord> files;                ///< whole new records
    std::vector<std::uint64_t> drop_receipts_of;  ///< file indices that start again; applied first
    std::vector<std::uint64_t> remove_files;      ///< file indices that left the plan
    bool empty() const {
      return parts.empty() && files.empty() && drop_receipts_of.empty() && remove_files.empty();
    }
  };
  virtual Result<void> Commit(const std::string& id, const Batch& batch) = 0;
  /// Forgets the receipts of a whole transfer; its plan stays.
  virtual Result<void> DropReceipts(const std::string& id) = 0;
  /// Forgets the plan (files, receipts) of a transfer but keeps its record.
  virtual Result<void> DropPlan(const std::string& id) = 0;
  virtual Result<void> Remove(const std::string& id) = 0;
};

}  // namespace stateferry::transfer
