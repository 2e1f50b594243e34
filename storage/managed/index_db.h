#pragma once
// The RocksDB database of a store: column families, reads, and synced batches.  What the rows mean
// is said in chunk_index.h and file_table.h.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/file_io.h"
#include "base/result.h"

namespace stateferry::storage::managed {

enum class Family : std::size_t { kMeta, kChunks, kFiles, kOrigins, kUploads, kPacks, kCount };

/// Thread-safe.
class IndexDb {
 public:
  enum class Mode { kCreate, kReadWrite, kReadOnly };
  /// Errors: kCorruption with the hint to rebuild the index.
  static Result<std::shared_ptr<IndexDb>> Open(const FileIo& io, const std::string& dir, Mode mode);
  virtual ~IndexDb() = default;

  virtual Result<std::optional<std::string>> Get(Family family, std::string_view key) const = 0;

  /// False ends the scan.
  using RowVisitor = std::function<Result<bool>(std::string_view key, std::string_view value)>;
  /// All rows whose key starts with `prefix`, in bytewise order, of one moment.
  virtual Result<void> Scan(Family family, std::string_view prefix,
                            const RowVisitor& visit) const = 0;

  /// Changes that become visible and durable together.  Not thread-safe.
  class Batch {
   public:
    virtual ~Batch() = default;
    virtual void Put(Family family, std::string_view key, std::string_view value) = 0;
    virtual void Delete(Family family, std::string_view key) = 0;
    /// About how many bytes the batch holds.
    virtual std::size_t size_bytes() const = 0;
  };
  virtual std::unique_ptr<Batch> NewBatch() const = 0;
  /// Synced on return.  After an error the state of the index is unknown until it is opened again.
  virtual Result<void> Commit(Batch& batch) = 0;
};

}  // namespace stateferry::storage::managed
