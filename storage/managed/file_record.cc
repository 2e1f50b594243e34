#include "storage/managed/file_record.h"

namespace stateferry::storage::managed {

namespace {
constexpr std::size_t kChunkIdBytes = 20;

Error CorruptRecord(const std::string& what) { return Error(ErrorCode::kCorruption, what); }

void AppendChunks(std::string& out, const std::vector<ChunkId>& chunks) {
  out.reserve(out.size() + chunks.size() * kChunkIdBytes);
  for (const auto& chunk : chunks) {
    out.append(chunk.hash.raw());
    AppendLittle<std::uint32_t>(out, chunk.length);
  }
}

/// An unknown version is not damage: packs and index vouch for the bytes.
Result<void> CheckVersion(LittleReader& reader) {
  const auto version = reader.Read<std::uint8_t>();
  if (!reader.ok()) return CorruptRecord("record is empty");
  if (version == kRecordFormatVersion) return {};
  return Error(ErrorCode::kRefused,
               "record has version " + std::to_string(version) + ", this program knows " +
                   std::to_string(kRecordFormatVersion) + "; use a newer stateferry");
}

Result<FileRecord> DecodeHead(LittleReader& reader) {
  SF_TRY(CheckVersion(reader));
  FileRecord record;
  record.sequence = reader.Read<std::uint64_t>();
  record.key = reader.ReadLengthPrefixed();
  record.size_bytes = reader.Read<std::uint64_t>();
  record.part_bytes = reader.Read<std::uint64_t>();
  record.mtime_ns = static_cast<std::int64_t>(reader.Read<std::uint64_t>());
  const auto content = reader.ReadBytes(16);
  record.origin = reader.ReadLengthPrefixed();
  if (!reader.ok() || record.key.empty() || record.key.size() > kMaxKeyBytes)
    return CorruptRecord("file record is cut off or has no key");
  record.content = Hash128::FromRaw(content);
  return record;
}
}  // namespace

ObjectMeta FileRecord::ToMeta() const {
  return {.key = key, .size_bytes = size_bytes, .mtime_ns = mtime_ns, .etag = content.ToHex()};
}

Hash128 ContentHash(std::uint64_t size_bytes, const std::vector<ChunkId>& chunks) {
  std::string bytes;
  AppendLittle<std::uint64_t>(bytes, size_bytes);
  AppendChunks(bytes, chunks);
  return Xxh3_128(AsBytes(bytes));
}

std::string EncodeChunkList(const std::vector<ChunkId>& chunks) {
  std::string out;
  AppendChunks(out, chunks);
  return out;
}

Result<std::vector<ChunkId>> DecodeChunkList(std::string_view bytes) {
  if (bytes.size() % kChunkIdBytes != 0) return CorruptRecord("chunk list has a wrong length");
  std::vector<ChunkId> chunks;
  chunks.reserve(bytes.size() / kChunkIdBytes);
  LittleReader reader(bytes);
  while (reader.remaining() > 0) {
    const auto hash = reader.ReadBytes(16);
    chunks.push_back({Hash128::FromRaw(hash), reader.Read<std::uint32_t>()});
  }
  return chunks;
}

std::string EncodeFileRecord(const FileRecord& record) {
  std::string out;
  AppendLittle<std::uint8_t>(out, kRecordFormatVersion);
  AppendLittle<std::uint64_t>(out, record.sequence);
  AppendLengthPrefixed(out, record.key);
  AppendLittle<std::uint64_t>(out, record.size_bytes);
  AppendLittle<std::uint64_t>(out, record.part_bytes);
  AppendLittle<std::uint64_t>(out, static_cast<std::uint64_t>(record.mtime_ns));
  out.append(record.content.raw());
  AppendLengthPrefixed(out, record.origin);
  AppendChunks(out, record.chunks);
  return out;
}

Result<FileRecord> DecodeFileRecordHead(std::string_view bytes) {
  LittleReader reader(bytes);
  return DecodeHead(reader);
}

Result<FileRecord> DecodeFileRecord(std::string_view bytes) {
  LittleReader reader(bytes);
  SF_TRY(auto record, DecodeHead(reader));
  SF_TRY(record.chunks, DecodeChunkList(reader.ReadBytes(reader.remaining())));
  std::uint64_t total = 0;
  for (const auto& chunk : record.chunks) total += chunk.length;
  if (total != record.size_bytes)
    return CorruptRecord("the chunks of file " + record.key + " do not add up to its size");
  return record;
}

std::string EncodeTombstone(const Tombstone& tombstone) {
  std::string out;
  AppendLittle<std::uint8_t>(out, kRecordFormatVersion);
  AppendLittle<std::uint64_t>(out, tombstone.sequence);
  AppendLengthPrefixed(out, tombstone.key);
  return out;
}

Result<Tombstone> DecodeTombstone(std::string_view bytes) {
  LittleReader reader(bytes);
  SF_TRY(CheckVersion(reader));
  Tombstone tombstone;
  tombstone.sequence = reader.Read<std::uint64_t>();
  tombstone.key = reader.ReadLengthPrefixed();
  if (!reader.AtEnd() || tombstone.key.empty()) return CorruptRecord("tombstone cannot be read");
  return tombstone;
}

}  // namespace stateferry::storage::managed
