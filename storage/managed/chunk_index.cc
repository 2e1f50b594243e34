#include "storage/managed/chunk_index.h"

namespace stateferry::storage::managed {

namespace {
Error BadRow(const char* what) {
  return Error(ErrorCode::kCorruption, std::string("index: ") + what + " row cannot be read")
      .WithHint("rebuild the index from the packs: stateferry store rebuild-index");
}

Result<ChunkPlace> DecodePlace(std::string_view value) {
  LittleReader reader(value);
  const auto pack = reader.ReadBytes(16);
  ChunkPlace place;
  place.offset = reader.Read<std::uint64_t>();
  place.stored_bytes = reader.Read<std::uint32_t>();
  place.codec = static_cast<Codec>(reader.Read<std::uint8_t>());
  if (!reader.AtEnd()) return BadRow("chunk");
  place.pack = PackId::FromRaw(pack);
  return place;
}
}  // namespace

std::string ChunkKey(std::string_view project, const ChunkId& id) {
  std::string key;
  key.reserve(project.size() + 1 + 20);
  key.append(project);
  key.push_back('\0');
  key.append(id.hash.raw());
  AppendBig<std::uint32_t>(key, id.length);
  return key;
}

Result<ChunkRow> DecodeChunkRow(std::string_view key, std::string_view value) {
  if (key.size() < 22 || key[key.size() - 21] != '\0') return BadRow("chunk");
  ChunkRow row;
  row.project = key.substr(0, key.size() - 21);
  row.id.hash = Hash128::FromRaw(key.substr(key.size() - 20, 16));
  row.id.length = LoadBig<std::uint32_t>(key.data() + key.size() - 4);
  SF_TRY(row.place, DecodePlace(value));
  return row;
}

Result<std::optional<ChunkPlace>> FindChunk(const IndexDb& db, std::string_view project,
                                            const ChunkId& id) {
  SF_TRY(auto value, db.Get(Family::kChunks, ChunkKey(project, id)));
  if (!value) return std::optional<ChunkPlace>();
  SF_TRY(auto place, DecodePlace(*value));
  return std::optional(place);
}

void PutChunk(IndexDb::Batch& batch, std::string_view project, const ChunkId& id,
              const ChunkPlace& place) {
  std::string value(place.pack.raw());
  AppendLittle<std::uint64_t>(value, place.offset);
  AppendLittle<std::uint32_t>(value, place.stored_bytes);
  AppendLittle<std::uint8_t>(value, static_cast<std::uint8_t>(place.codec));
  batch.Put(Family::kChunks, ChunkKey(project, id), value);
}

std::string EncodePackRow(const PackRow& row) {
  std::string value;
  AppendLittle<std::uint8_t>(value, static_cast<std::uint8_t>(row.state));
  AppendLengthPrefixed(value, row.project);
  AppendLittle<std::uint64_t>(value, row.size_bytes);
  AppendLittle<std::uint64_t>(value, row.entries);
  return value;
}

Result<PackRow> DecodePackRow(std::string_view value) {
  LittleReader reader(value);
  PackRow row;
  row.state = static_cast<PackState>(reader.Read<std::uint8_t>());
  row.project = reader.ReadLengthPrefixed();
  row.size_bytes = reader.Read<std::uint64_t>();
  row.entries = reader.Read<std::uint64_t>();
  if (!reader.AtEnd()) return BadRow("pack");
  return row;
}

void PutSealedPack(IndexDb::Batch& batch, const PackId& id, const std::string& project,
                   std::uint64_t size_bytes, std::uint64_t entries) {
  batch.Put(Family::kPacks, id.raw(),
            EncodePackRow({.state = PackState::kSealed,
                           .project = project,
                           .size_bytes = size_bytes,
                           .entries = entries}));
}

Result<void> ScanPacks(const IndexDb& db,
                       const std::function<Result<void>(const PackId&, const PackRow&)>& visit) {
  return db.Scan(Family::kPacks, "",
                 [&](std::string_view key, std::string_view value) -> Result<bool> {
                   if (key.size() != 16) return BadRow("pack");
                   SF_TRY(auto row, DecodePackRow(value));
                   SF_TRY(visit(PackId::FromRaw(key), row));
                   return true;
                 });
}

}  // namespace stateferry::storage::managed
