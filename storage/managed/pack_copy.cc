#include "storage/managed/pack_copy.h"

namespace stateferry::storage::managed {

bool IsSparse(const PackContents& pack, std::uint64_t live_bytes, double min_live_fraction) {
  const std::uint64_t overhead_bytes =
      pack.header_bytes + kPackTrailerBytes + pack.entries.size() * kPackEntryBytes;
  return static_cast<double>(live_bytes) <
         min_live_fraction * static_cast<double>(pack.size_bytes - overhead_bytes);
}

Result<void> CopyEntries(const PackSource& source, const std::vector<PackEntry>& wanted,
                         const std::string& store, PackWriter& pack,
                         std::vector<PackWriter::Record>& records) {
  auto take = [&](const PackEntry& entry, ByteSpan stored) -> Result<void> {
    if (StoredCheck(stored) != entry.check)
      return Error(ErrorCode::kCorruption, "gc refused: " + source.path() + ": bytes at offset " +
                                               std::to_string(entry.offset) + " fail their check")
          .WithHint("run: stateferry store check --level deep " + store);
    if (entry.kind != EntryKind::kChunk) {
      records.push_back({entry.kind, entry.hash, std::string(AsText(stored))});
      return {};
    }
    SF_TRY(auto offset, pack.Append(entry, stored));
    SF_ASSERT(offset);
    return {};
  };
  return ScanEntries(source, wanted, take);
}

}  // namespace stateferry::storage::managed
