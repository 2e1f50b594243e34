#pragma once
// What gc moves from pack to pack.

#include <string>
#include <vector>

#include "storage/managed/pack_reader.h"
#include "storage/managed/pack_writer.h"

namespace stateferry::storage::managed {

/// Puts these chunks of `source`, whose stored bytes are checked, into `pack`, which is open.
/// Records and tombstones go to `records`, since they come behind all chunks.
/// Errors: kCorruption, with a hint that names the store; those of reading and writing.
Result<void> CopyEntries(const PackSource& source, const std::vector<PackEntry>& wanted,
                         const std::string& store, PackWriter& pack,
                         std::vector<PackWriter::Record>& records);

}  // namespace stateferry::storage::managed
