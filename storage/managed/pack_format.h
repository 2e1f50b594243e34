#pragma once
// The bytes of packs and of the records in them.  docs/formats/managed-store.md has the tables.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/result.h"

namespace stateferry::storage::managed {

inline constexpr std::uint32_t kStoreFormatVersion = 1;
inline constexpr std::uint32_t kPackFormatVersion = 1;
inline constexpr std::uint8_t kRecordFormatVersion = 1;
inline constexpr std::string_view kHashAlgorithm = "xxh3-128";

inline constexpr std::string_view kPackMagic = "SFPACK\x01\n";
inline constexpr std::string_view kTrailerMagic = "SFPKEND\n";

/// A pack takes no more chunks once it is this long.
inline constexpr std::uint64_t kPackTargetBytes = 128u << 20;
/// Write-back is asked for after so many new bytes, so that the final fsync is short.
inline constexpr std::uint64_t kWriteBackBytes = 8u << 20;
/// A chunk is never longer.
inline constexpr std::uint32_t kMaxChunkBytes = 8u << 20;
/// A file record is never longer: 13 million chunks, more than 1 TiB even of the smallest chunks.
inline constexpr std::uint32_t kMaxRecordBytes = 256u << 20;
inline constexpr std::uint64_t kMaxFooterBytes = 256u << 20;
inline constexpr std::size_t kMaxProjectBytes = 255;
inline constexpr std::size_t kMaxKeyBytes = 1024;

/// 16 random bytes; a Hash128 only because that type prints and compares.
using PackId = Hash128;

/// The identity of content inside one project.
struct ChunkId {
  Hash128 hash;
  std::uint32_t length = 0;
  auto operator<=>(const ChunkId&) const = default;
};

enum class EntryKind : std::uint8_t { kChunk = 1, kFileRecord = 2, kTombstone = 3 };
enum class Codec : std::uint8_t { kRaw = 0, kZstd = 1 };

/// One line of a pack's footer.
struct PackEntry {
  EntryKind kind = EntryKind::kChunk;
  Codec codec = Codec::kRaw;
  std::uint32_t plain_bytes = 0;
  std::uint32_t stored_bytes = 0;
  std::uint64_t offset = 0;  ///< in the pack
  /// Chunk: XXH3-128 of the plain bytes.  File record, tombstone: XXH3-128 of the key.
  Hash128 hash;
  std::uint64_t check = 0;  ///< StoredCheck of the stored bytes

  ChunkId chunk_id() const { return {hash, plain_bytes}; }
  bool operator==(const PackEntry&) const = default;
};

/// The low half of XXH3-128: for a raw chunk this is known already from its id.
std::uint64_t StoredCheck(const Hash128& hash_of_stored);
std::uint64_t StoredCheck(ByteSpan stored);

/// kInvalidArgument unless 1..255 bytes without '/', NUL, "." and "..".
Result<void> CheckProjectName(std::string_view project);

struct PackHeader {
  Hash128 store_id;
  PackId pack_id;
  std::string project;
};
/// Longest encoded header; enough to read for DecodePackHeader.
inline constexpr std::size_t kMaxPackHeaderBytes = 8 + 4 + 4 + 16 + 16 + 4 + kMaxProjectBytes + 8;
std::string EncodePackHeader(const PackHeader& header);
/// `bytes` may be longer than the header.  `header_bytes` receives its length.
/// Errors: kCorruption; kRefused for a newer version.
Result<PackHeader> DecodePackHeader(std::string_view bytes, std::uint64_t& header_bytes);

inline constexpr std::size_t kPackEntryBytes = 1 + 1 + 4 + 4 + 8 + 16 + 8;
std::string EncodeFooter(const std::vector<PackEntry>& entries);
/// Entries must lie back to back from `first_offset` to `end_offset`.
/// Errors: kCorruption; kRefused for an unknown kind or codec.
Result<std::vector<PackEntry>> DecodeFooter(std::string_view bytes, std::uint64_t first_offset,
                                            std::uint64_t end_offset);

struct PackTrailer {
  std::uint64_t footer_offset = 0;
  std::uint64_t footer_bytes = 0;
  Hash128 footer_hash;
};
inline constexpr std::size_t kPackTrailerBytes = 8 + 8 + 16 + 8;
std::string EncodeTrailer(const PackTrailer& trailer);
/// Checks the trailer against the length of the file before anything is allocated from it.
Result<PackTrailer> DecodeTrailer(std::string_view bytes, std::uint64_t file_bytes);

}  // namespace stateferry::storage::managed
