#pragma once
// RocksDB checkpoint directories: Kafka Streams stores, native files under their local names.

#include <memory>
#include <string>

#include "state/snapshot/snapshot_format.h"
#include "state/snapshot/source_objects.h"

namespace stateferry::state::snapshot {

std::unique_ptr<SnapshotFormat> MakeRocksDbDirFormat();

/// What RocksDB itself says about a local directory.
struct RocksDbContent {
  struct Sst {
    std::string name;
    std::uint64_t size_bytes = 0;
  };
  std::vector<Sst> ssts;  ///< all that the manifest names
  std::vector<std::string> column_families;
  /// Why it could not be opened although nothing need be wrong (its own comparator); the SSTs are
  /// unknown then.
  std::string not_looked_into;
};
/// Opens `directory` read-only; writes nothing there.  Errors: kCorruption with RocksDB's own
/// words.
Result<RocksDbContent> ReadRocksDbDirectory(const std::string& directory);

/// Verifies the checksum of every block of local SSTs, several at a time; adds what is wrong to
/// `problems`.  Errors: kCancelled.
Result<void> VerifySsts(const std::vector<std::string>& paths, std::stop_token stop,
                        std::vector<std::string>& problems);
/// Whether the file ends as an SST of RocksDB does.
bool EndsLikeSst(ByteSpan last_8_bytes);
/// VerifySsts on those of `files` that end like SSTs, are local (RocksDB reads no others), whole
/// files and so far without a problem.  Returns how many these are.  Errors: kCancelled.
Result<std::uint64_t> VerifySstsAmong(SourceObjects& objects,
                                      const std::vector<SnapshotFile>& files, std::stop_token stop,
                                      std::vector<std::string>& problems);

}  // namespace stateferry::state::snapshot
