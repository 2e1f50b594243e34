#include "storage/managed/file_table.h"

namespace stateferry::storage::managed {

std::string FileKey(std::string_view project, std::string_view key) {
  std::string row(project);
  row.push_back('\0');
  row.append(key);
  return row;
}

std::pair<std::string_view, std::string_view> SplitFileKey(std::string_view file_key) {
  const auto nul = file_key.find('\0');
  if (nul == std::string_view::npos) return {file_key, {}};
  return {file_key.substr(0, nul), file_key.substr(nul + 1)};
}

std::string OriginKey(std::string_view project, std::string_view origin) {
  std::string row(project);
  row.push_back('\0');
  row.append(Xxh3_128(AsBytes(origin)).raw());
  return row;
}

namespace {
/// The sequence number in a row of `meta`, 0 without the row.  `what` is for the error.
Result<std::uint64_t> SequenceAt(const IndexDb& db, std::string_view row, const char* what) {
  SF_TRY(auto value, db.Get(Family::kMeta, row));
  if (!value) return std::uint64_t{0};
  LittleReader reader(*value);
  const auto sequence = reader.Read<std::uint64_t>();
  if (!reader.AtEnd())
    return Error(ErrorCode::kCorruption, std::string("index: ") + what + " cannot be read")
        .WithHint("rebuild the index from the packs: stateferry store rebuild-index");
  return sequence;
}

void PutSequenceAt(IndexDb::Batch& batch, std::string_view row, std::uint64_t sequence) {
  std::string value;
  AppendLittle<std::uint64_t>(value, sequence);
  batch.Put(Family::kMeta, row, value);
}

std::string GraveRow(std::string_view file_key) {
  std::string row("deleted");
  row.push_back('\0');
  row.append(file_key);
  return row;
}
}  // namespace

Result<std::uint64_t> LoadSequence(const IndexDb& db) {
  return SequenceAt(db, kSequenceRow, "the sequence number");
}

void PutSequence(IndexDb::Batch& batch, std::uint64_t sequence) {
  PutSequenceAt(batch, kSequenceRow, sequence);
}

void PutGrave(IndexDb::Batch& batch, std::string_view file_key, std::uint64_t sequence) {
  PutSequenceAt(batch, GraveRow(file_key), sequence);
}

void DeleteGrave(IndexDb::Batch& batch, std::string_view file_key) {
  batch.Delete(Family::kMeta, GraveRow(file_key));
}

namespace {

/// 0: none.
Result<std::uint64_t> FindGrave(const IndexDb& db, std::string_view file_key) {
  return SequenceAt(db, GraveRow(file_key), "a deletion");
}

}  // namespace

Result<KeyState> FindKeyState(const IndexDb& db, std::string_view file_key) {
  KeyState state;
  SF_TRY(auto record, db.Get(Family::kFiles, file_key));
  if (!record) {
    SF_TRY(state.sequence, FindGrave(db, file_key));
    return state;
  }
  SF_TRY(const auto head, DecodeFileRecordHead(*record));
  state.sequence = head.sequence;
  state.record_bytes = *std::move(record);
  return state;
}

std::string EncodeUploadHead(const UploadHead& head) {
  std::string value;
  AppendLengthPrefixed(value, head.project);
  AppendLengthPrefixed(value, head.key);
  AppendLittle<std::uint64_t>(value, head.size_bytes);
  AppendLittle<std::uint64_t>(value, head.part_bytes);
  AppendLengthPrefixed(value, head.origin);
  AppendLittle<std::uint64_t>(value, static_cast<std::uint64_t>(head.created_ns));
  return value;
}

Result<UploadHead> DecodeUploadHead(std::string_view value) {
  LittleReader reader(value);
  UploadHead head;
  head.project = reader.ReadLengthPrefixed();
  head.key = reader.ReadLengthPrefixed();
  head.size_bytes = reader.Read<std::uint64_t>();
  head.part_bytes = reader.Read<std::uint64_t>();
  head.origin = reader.ReadLengthPrefixed();
  head.created_ns = static_cast<std::int64_t>(reader.Read<std::uint64_t>());
  if (!reader.AtEnd())
    return Error(ErrorCode::kCorruption, "index: upload row cannot be read")
        .WithHint("rebuild the index from the packs: stateferry store rebuild-index");
  return head;
}

std::string UploadPartKey(std::string_view token, std::uint32_t part_index) {
  std::string key(token);
  AppendBig<std::uint32_t>(key, part_index);
  return key;
}

Result<std::optional<UploadHead>> FindUpload(const IndexDb& db, std::string_view token) {
  SF_TRY(auto value, db.Get(Family::kUploads, token));
  if (!value) return std::optional<UploadHead>();
  SF_TRY(auto head, DecodeUploadHead(*value));
  return std::optional(std::move(head));
}

Result<std::map<std::uint32_t, std::vector<ChunkId>>> LoadUploadParts(const IndexDb& db,
                                                                      std::string_view token) {
  std::map<std::uint32_t, std::vector<ChunkId>> parts;
  SF_TRY(db.Scan(
      Family::kUploads, token, [&](std::string_view key, std::string_view value) -> Result<bool> {
        if (key.size() != token.size() + 4) return true;
        SF_TRY(parts[LoadBig<std::uint32_t>(key.data() + token.size())], DecodeChunkList(value));
        return true;
      }));
  return parts;
}

Result<void> DeleteUpload(const IndexDb& db, IndexDb::Batch& batch, std::string_view token) {
  return db.Scan(Family::kUploads, token, [&](std::string_view key, std::string_view) {
    batch.Delete(Family::kUploads, key);
    return Result<bool>(true);
  });
}

void PutFile(IndexDb::Batch& batch, std::string_view project, const FileRecord& record) {
  batch.Put(Family::kFiles, FileKey(project, record.key), EncodeFileRecord(record));
  if (!record.origin.empty())
    batch.Put(Family::kOrigins, OriginKey(project, record.origin), record.key);
}

Result<void> DeleteFile(const IndexDb& db, IndexDb::Batch& batch, std::string_view file_key) {
  batch.Delete(Family::kFiles, file_key);
  SF_TRY(auto value, db.Get(Family::kFiles, file_key));
  if (!value) return {};
  const auto record = DecodeFileRecordHead(*value);
  if (!record || record->origin.empty()) return {};
  const auto [project, key] = SplitFileKey(file_key);
  const std::string origin = OriginKey(project, record->origin);
  SF_TRY(auto named, db.Get(Family::kOrigins, origin));
  if (named && *named == key) batch.Delete(Family::kOrigins, origin);
  return {};
}

}  // namespace stateferry::storage::managed
