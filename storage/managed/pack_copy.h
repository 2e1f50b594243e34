#pragma once
// What gc moves from pack to pack.

#include <cstdint>
#include <string>
#include <vector>

#include "storage/managed/pack_reader.h"
#include "storage/managed/pack_writer.h"

namespace stateferry::storage::managed {

/// Packs shorter than this are merged when a project has more than one.
inline constexpr std::uint64_t kSmallPackBytes = 32u << 20;
/// Whether less than that fraction (0..1) of what a pack holds is live.
bool IsSparse(const PackContents& pack, std::uint64_t live_bytes, double min_live_fraction);

/// Puts these chunks of `source`, whose stored bytes are checked, into `pack`, which is open.
/// Records and tombstones go to `records`, since they come behind all chunks.
/// Errors: kCorruption, with a hint that names the store; those of reading and writing.
Result<void> CopyEntries(const PackSource& source, const std::vector<PackEntry>& wanted,
                         const std::string& store, PackWriter& pack,
                         std::vector<PackWriter::Record>& records);

}  // namespace stateferry::storage::managed
