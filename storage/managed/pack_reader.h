#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/codec.h"
#include "storage/managed/pack_format.h"
#include "storage/managed/pack_source.h"

namespace stateferry::storage::managed {

/// A sealed pack: its header and footer, both checked.
struct PackContents {
  PackHeader header;
  std::uint64_t header_bytes = 0;
  std::uint64_t size_bytes = 0;
  std::vector<PackEntry> entries;
};

/// Reads header, trailer and footer; every byte of them is covered by a check.  Memory is bounded
/// by the length of the pack.  Errors: kCorruption, kRefused (newer version), with the path.
Result<PackContents> ReadPack(const PackSource& source);
inline Result<PackContents> ReadPack(const File& file) { return ReadPack(FileView(file)); }

using EntryVisitor = std::function<Result<void>(const PackEntry&, ByteSpan stored)>;
/// Visits entries in order of offset, read in large blocks.  Nothing is checked here.
/// A short pack is kCorruption.
Result<void> ScanEntries(const PackSource& source, const std::vector<PackEntry>& entries,
                         const EntryVisitor& visit);
inline Result<void> ScanEntries(const File& file, const std::vector<PackEntry>& entries,
                                const EntryVisitor& visit) {
  return ScanEntries(FileView(file), entries, visit);
}

/// One file record or tombstone of a pack.
struct PackChange {
  std::uint64_t sequence = 0;
  std::string key;
  std::string record_bytes;  ///< encoded FileRecord; empty: a deletion
};
/// Visits the records and tombstones only, checked.  One that is damaged goes to `on_bad`, and the
/// scan goes on unless that returns an error; without `on_bad` it ends the scan.
/// Errors: kCorruption; kRefused for a record of a newer version.
Result<void> ScanRecords(const PackSource& source, const PackContents& pack,
                         const std::function<Result<void>(const PackChange&)>& visit,
                         const std::function<Result<void>(const Error&)>& on_bad = {});

/// kCorruption unless `stored` passes the entry's check and, for a chunk, gives its content.
/// `plain` is scratch space.
Result<void> VerifyEntry(const PackEntry& entry, ByteSpan stored, ZstdDecompressor& unzip,
                         Bytes& plain);

}  // namespace stateferry::storage::managed
