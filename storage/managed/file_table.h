#pragma once
// Rows of the index that hold file records, origins and unfinished uploads.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "storage/managed/file_record.h"
#include "storage/managed/index_db.h"

namespace stateferry::storage::managed {

/// Family kFiles: project NUL key -> file record.
std::string FileKey(std::string_view project, std::string_view key);
/// Takes a file row's key apart again.
std::pair<std::string_view, std::string_view> SplitFileKey(std::string_view file_key);

/// Family kOrigins: project NUL XXH3-128(origin) -> key.
std::string OriginKey(std::string_view project, std::string_view origin);

/// Family kMeta: the highest sequence number that is durable.
inline constexpr std::string_view kSequenceRow = "sequence";
Result<std::uint64_t> LoadSequence(const IndexDb& db);
void PutSequence(IndexDb::Batch& batch, std::uint64_t sequence);

/// Family kMeta, only of stores with many writers: "deleted" NUL FileKey -> sequence of the newest
/// deletion, while that is newer than every record of the key.  Records that come to be known later
/// may be older.
void PutGrave(IndexDb::Batch& batch, std::string_view file_key, std::uint64_t sequence);
void DeleteGrave(IndexDb::Batch& batch, std::string_view file_key);

/// What the index says of a key: a file, that it was deleted, or nothing.
struct KeyState {
  std::string record_bytes;    ///< encoded FileRecord; empty: no file
  std::uint64_t sequence = 0;  ///< of the record or the deletion; 0: the key is not known
  bool operator==(const KeyState&) const = default;
};
Result<KeyState> FindKeyState(const IndexDb& db, std::string_view file_key);

/// An unfinished upload: one head row and a row per part.
struct UploadHead {
  std::string project;
  std::string key;
  std::uint64_t size_bytes = 0;
  std::uint64_t part_bytes = 0;
  std::string origin;
  std::int64_t created_ns = 0;
};
/// Family kUploads: token -> head, token + part index (big-endian) -> chunk list.
inline constexpr std::size_t kUploadTokenBytes = 16;
std::string EncodeUploadHead(const UploadHead& head);
Result<UploadHead> DecodeUploadHead(std::string_view value);
std::string UploadPartKey(std::string_view token, std::uint32_t part_index);
/// `token` is raw, kUploadTokenBytes long.
Result<std::optional<UploadHead>> FindUpload(const IndexDb& db, std::string_view token);
Result<std::map<std::uint32_t, std::vector<ChunkId>>> LoadUploadParts(const IndexDb& db,
                                                                      std::string_view token);
Result<void> DeleteUpload(const IndexDb& db, IndexDb::Batch& batch, std::string_view token);

/// Puts the record and its origin.
void PutFile(IndexDb::Batch& batch, std::string_view project, const FileRecord& record);
/// Deletes the row, and its origin unless that names another file.
Result<void> DeleteFile(const IndexDb& db, IndexDb::Batch& batch, std::string_view file_key);

}  // namespace stateferry::storage::managed
