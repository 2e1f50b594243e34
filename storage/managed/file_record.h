#pragma once
// What the store knows of one file.  The same bytes lie in packs (the truth) and in the index.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/backend.h"
#include "storage/managed/pack_format.h"

namespace stateferry::storage::managed {

struct FileRecord {
  std::uint64_t sequence = 0;  ///< grows with every change of the store; the highest wins
  std::string key;
  std::uint64_t size_bytes = 0;
  std::uint64_t part_bytes = 0;
  std::int64_t mtime_ns = 0;
  Hash128 content;  ///< ContentHash of size and chunks: the etag
  std::string origin;
  std::vector<ChunkId> chunks;

  ObjectMeta ToMeta() const;
};

/// A deletion of a key, as it lies in a pack.
struct Tombstone {
  std::uint64_t sequence = 0;
  std::string key;
};

Hash128 ContentHash(std::uint64_t size_bytes, const std::vector<ChunkId>& chunks);

std::string EncodeFileRecord(const FileRecord& record);
/// Errors: kCorruption, also when the lengths of the chunks do not add up to the size; kRefused for
/// a newer version.
Result<FileRecord> DecodeFileRecord(std::string_view bytes);
/// Everything but the chunks; for listings.
Result<FileRecord> DecodeFileRecordHead(std::string_view bytes);

std::string EncodeTombstone(const Tombstone& tombstone);
Result<Tombstone> DecodeTombstone(std::string_view bytes);

std::string EncodeChunkList(const std::vector<ChunkId>& chunks);
Result<std::vector<ChunkId>> DecodeChunkList(std::string_view bytes);

}  // namespace stateferry::storage::managed
