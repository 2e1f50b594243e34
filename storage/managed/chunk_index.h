#pragma once
// Rows of the index that say where chunks lie and which packs there are.

#include <optional>
#include <string>
#include <string_view>

#include "storage/managed/index_db.h"
#include "storage/managed/pack_format.h"

namespace stateferry::storage::managed {

struct ChunkPlace {
  PackId pack;
  std::uint64_t offset = 0;
  std::uint32_t stored_bytes = 0;
  Codec codec = Codec::kRaw;
  bool operator==(const ChunkPlace&) const = default;
};

inline ChunkPlace PlaceOf(const PackId& pack, const PackEntry& entry) {
  return {pack, entry.offset, entry.stored_bytes, entry.codec};
}

/// Family kChunks: project NUL hash length(big-endian) -> place.
std::string ChunkKey(std::string_view project, const ChunkId& id);
struct ChunkRow {
  std::string_view project;
  ChunkId id;
  ChunkPlace place;
};
Result<ChunkRow> DecodeChunkRow(std::string_view key, std::string_view value);
Result<std::optional<ChunkPlace>> FindChunk(const IndexDb& db, std::string_view project,
                                            const ChunkId& id);
void PutChunk(IndexDb::Batch& batch, std::string_view project, const ChunkId& id,
              const ChunkPlace& place);

/// Family kPacks: pack id -> what the pack is.
enum class PackState : std::uint8_t {
  kSealed = 0,
  kCondemned = 1,  ///< nothing in it is needed; the file is to be removed
};
struct PackRow {
  PackState state = PackState::kSealed;
  std::string project;
  std::uint64_t size_bytes = 0;
  std::uint64_t entries = 0;
};
std::string EncodePackRow(const PackRow& row);
Result<PackRow> DecodePackRow(std::string_view value);
/// The row of a pack that is published; `size_bytes` is its length, `entries` how many it has.
void PutSealedPack(IndexDb::Batch& batch, const PackId& id, const std::string& project,
                   std::uint64_t size_bytes, std::uint64_t entries);
Result<void> ScanPacks(const IndexDb& db,
                       const std::function<Result<void>(const PackId&, const PackRow&)>& visit);

}  // namespace stateferry::storage::managed
