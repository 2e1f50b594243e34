#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "storage/managed/store_core.h"

namespace stateferry::storage::managed {

/// Reads ranges of files: record -> chunks -> packs -> plain bytes, every chunk checked against its
/// hash.  Thread-safe; borrows the core.
class FileReader {
 public:
  explicit FileReader(StoreCore& core) : core_(core) {}

  /// Backend::ReadRange of one project's file.
  Result<std::size_t> Read(const std::string& project, std::string_view key, std::uint64_t offset,
                           MutableByteSpan out);

 private:
  /// A record with the end offset of each chunk, to find chunks by offset.
  struct OpenFile {
    std::string file_key;
    std::uint64_t version = 0;
    FileRecord record;
    std::vector<std::uint64_t> ends;
  };
  struct Decoded {
    std::string chunk_key;
    std::shared_ptr<const Bytes> plain;
  };

  /// How far a read has come, and where it looked for a chunk last.
  struct Attempt {
    std::size_t done = 0;
    std::size_t chunk = 0;
    std::optional<ChunkPlace> place;
    std::uint64_t version = 0;  ///< of the index that named the place
  };

  Result<std::shared_ptr<const OpenFile>> Find(const std::string& project, std::string_view key);
  /// Goes on at `attempt.done`.  Errors: kNotFound when the chunk has no place, or its pack is
  /// gone.
  Result<void> Fill(const std::string& project, const OpenFile& file, std::uint64_t offset,
                    MutableByteSpan out, Attempt& attempt);
  Result<ChunkPlace> Locate(const std::string& project, const OpenFile& file, Attempt& attempt);
  /// Reads chunks from `first` on, which lie back to back in one pack, into `out`; twice when those
  /// of a bucket arrive damaged.
  Result<void> ReadRun(const std::string& project, const OpenFile& file, std::size_t first,
                       const std::vector<ChunkPlace>& places, MutableByteSpan out);
  Result<void> ReadRunOnce(const std::string& project, const OpenFile& file, std::size_t first,
                           const std::vector<ChunkPlace>& places, MutableByteSpan out);
  Result<std::shared_ptr<const Bytes>> DecodeOne(const std::string& project, const OpenFile& file,
                                                 Attempt& attempt);

  StoreCore& core_;
  std::mutex mutex_;
  std::list<std::shared_ptr<const OpenFile>> files_;  // guarded by mutex_; most recent first
  std::list<Decoded> decoded_;                        // guarded by mutex_; most recent first
};

}  // namespace stateferry::storage::managed
