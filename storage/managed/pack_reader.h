#pragma once

#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/codec.h"
#include "base/file_io.h"
#include "storage/managed/pack_format.h"

namespace stateferry::storage::managed {

/// A sealed pack: its header and footer, both checked.
struct PackContents {
  PackHeader header;
  std::uint64_t header_bytes = 0;
  std::uint64_t size_bytes = 0;
  std::vector<PackEntry> entries;
};

/// Reads header, trailer and footer; every byte of them is covered by a check.  Memory is bounded
/// by the length of the file.  Errors: kCorruption, kRefused (newer version), with the path.
Result<PackContents> ReadPack(const File& file);

using EntryVisitor = std::function<Result<void>(const PackEntry&, ByteSpan stored)>;
/// Visits entries in order of offset, read in large blocks.  Nothing is checked here.
/// A short file is kCorruption.
Result<void> ScanEntries(const File& file, const std::vector<PackEntry>& entries,
                         const EntryVisitor& visit);

/// One file record or tombstone of a pack.
struct PackChange {
  std::uint64_t sequence = 0;
  std::string key;
  std::string record_bytes;  ///< encoded FileRecord; empty: a deletion
};
/// Visits the records and tombstones only, checked.  One that is damaged goes to `on_bad`, and the
/// scan goes on unless that returns an error; without `on_bad` it ends the scan.
/// Errors: kCorruption; kRefused for a record of a newer version.
Result<void> ScanRecords(const File& file, const PackContents& pack,
                         const std::function<Result<void>(const PackChange&)>& visit,
                         const std::function<Result<void>(const Error&)>& on_bad = {});

/// kCorruption unless `stored` passes the entry's check and, for a chunk, gives its content.
/// `plain` is scratch space.
Result<void> VerifyEntry(const PackEntry& entry, ByteSpan stored, ZstdDecompressor& unzip,
                         Bytes& plain);

/// Open packs by path, the least recently used closed beyond a bound.  Thread-safe.
class PackFiles {
 public:
  explicit PackFiles(const FileIo& io) : io_(io) {}
  /// Errors: kNotFound when the pack is gone.
  Result<std::shared_ptr<const File>> Get(const std::string& path);
  void Forget(const std::string& path);

 private:
  static constexpr std::size_t kMaxOpen = 64;
  const FileIo io_;
  std::mutex mutex_;
  struct Opened {
    std::string path;
    std::shared_ptr<const File> file;
  };
  std::list<Opened> recent_;                                              // guarded by mutex_
  std::unordered_map<std::string, std::list<Opened>::iterator> by_path_;  // guarded by mutex_
};

}  // namespace stateferry::storage::managed
