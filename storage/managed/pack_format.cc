#include "storage/managed/pack_format.h"

namespace stateferry::storage::managed {

namespace {
Error CorruptPack(const std::string& what) { return Error(ErrorCode::kCorruption, what); }

/// What one entry may look like, whatever the pack around it.
Result<void> CheckEntry(const PackEntry& entry) {
  const bool is_chunk = entry.kind == EntryKind::kChunk;
  if (!is_chunk && entry.kind != EntryKind::kFileRecord && entry.kind != EntryKind::kTombstone)
    return Error(ErrorCode::kRefused, "footer names an entry kind this version does not know");
  if (entry.codec != Codec::kRaw && entry.codec != Codec::kZstd)
    return Error(ErrorCode::kRefused, "footer names a codec this version does not know");
  if (entry.plain_bytes > (is_chunk ? kMaxChunkBytes : kMaxRecordBytes))
    return CorruptPack("footer names an entry longer than the limit");
  if (entry.codec == Codec::kRaw && entry.stored_bytes != entry.plain_bytes)
    return CorruptPack("footer names a raw entry with two lengths");
  if (entry.codec == Codec::kZstd && (!is_chunk || entry.stored_bytes >= entry.plain_bytes))
    return CorruptPack("footer names a compressed entry that did not shrink");
  return {};
}
}  // namespace

std::uint64_t StoredCheck(const Hash128& hash_of_stored) {
  return LoadBig<std::uint64_t>(hash_of_stored.bytes.data() + 8);
}

std::uint64_t StoredCheck(ByteSpan stored) { return StoredCheck(Xxh3_128(stored)); }

Result<void> CheckProjectName(std::string_view project) {
  if (project.empty() || project.size() > kMaxProjectBytes || project == "." || project == ".." ||
      project.find_first_of(std::string_view("/\0", 2)) != std::string_view::npos)
    return Error(ErrorCode::kInvalidArgument,
                 "\"" + std::string(project) +
                     "\" cannot name a project: 1 to 255 bytes, no '/', no NUL, not \".\" or "
                     "\"..\"");
  return {};
}

std::string EncodePackHeader(const PackHeader& header) {
  std::string out(kPackMagic);
  AppendLittle<std::uint32_t>(out, kPackFormatVersion);
  const std::size_t total = out.size() + 4 + 16 + 16 + 4 + header.project.size() + 8;
  AppendLittle<std::uint32_t>(out, static_cast<std::uint32_t>(total));
  out.append(header.store_id.raw());
  out.append(header.pack_id.raw());
  AppendLengthPrefixed(out, header.project);
  AppendLittle<std::uint64_t>(out, Xxh3_64(AsBytes(out)));
  return out;
}

Result<PackHeader> DecodePackHeader(std::string_view bytes, std::uint64_t& header_bytes) {
  LittleReader reader(bytes);
  if (reader.ReadBytes(kPackMagic.size()) != kPackMagic) return CorruptPack("no pack magic");
  const auto version = reader.Read<std::uint32_t>();
  header_bytes = reader.Read<std::uint32_t>();
  if (!reader.ok() || header_bytes > bytes.size() || header_bytes < 8)
    return CorruptPack("pack header is cut off");
  // The checksum comes before the version: a flipped version bit must not look like the future.
  if (LoadLittle<std::uint64_t>(bytes.data() + header_bytes - 8) !=
      Xxh3_64(AsBytes(bytes.substr(0, header_bytes - 8))))
    return CorruptPack("pack header fails its checksum");
  if (version != kPackFormatVersion)
    return Error(ErrorCode::kRefused,
                 "pack has format version " + std::to_string(version) + ", this program knows " +
                     std::to_string(kPackFormatVersion) + "; use a newer stateferry");
  PackHeader header;
  const auto store_id = reader.ReadBytes(16);
  const auto pack_id = reader.ReadBytes(16);
  header.project = reader.ReadLengthPrefixed();
  (void)reader.Read<std::uint64_t>();
  if (!reader.ok() || bytes.size() - reader.remaining() != header_bytes)
    return CorruptPack("pack header has a wrong length");
  if (!CheckProjectName(header.project)) return CorruptPack("pack header names no project");
  header.store_id = Hash128::FromRaw(store_id);
  header.pack_id = Hash128::FromRaw(pack_id);
  return header;
}

std::string EncodeFooter(const std::vector<PackEntry>& entries) {
  std::string out;
  out.reserve(entries.size() * kPackEntryBytes);
  for (const auto& entry : entries) {
    AppendLittle<std::uint8_t>(out, static_cast<std::uint8_t>(entry.kind));
    AppendLittle<std::uint8_t>(out, static_cast<std::uint8_t>(entry.codec));
    AppendLittle<std::uint32_t>(out, entry.plain_bytes);
    AppendLittle<std::uint32_t>(out, entry.stored_bytes);
    AppendLittle<std::uint64_t>(out, entry.offset);
    out.append(entry.hash.raw());
    AppendLittle<std::uint64_t>(out, entry.check);
  }
  return out;
}

Result<std::vector<PackEntry>> DecodeFooter(std::string_view bytes, std::uint64_t first_offset,
                                            std::uint64_t end_offset) {
  if (bytes.size() % kPackEntryBytes != 0) return CorruptPack("footer has a wrong length");
  std::vector<PackEntry> entries;
  entries.reserve(bytes.size() / kPackEntryBytes);
  std::uint64_t expected = first_offset;
  LittleReader reader(bytes);
  while (reader.remaining() > 0) {
    PackEntry entry;
    entry.kind = static_cast<EntryKind>(reader.Read<std::uint8_t>());
    entry.codec = static_cast<Codec>(reader.Read<std::uint8_t>());
    entry.plain_bytes = reader.Read<std::uint32_t>();
    entry.stored_bytes = reader.Read<std::uint32_t>();
    entry.offset = reader.Read<std::uint64_t>();
    entry.hash = Hash128::FromRaw(reader.ReadBytes(16));
    entry.check = reader.Read<std::uint64_t>();
    SF_TRY(CheckEntry(entry));
    if (entry.offset != expected) return CorruptPack("footer has a gap or an overlap");
    if (expected > end_offset || entry.stored_bytes > end_offset - expected)
      return CorruptPack("footer names bytes behind its end");
    expected += entry.stored_bytes;
    entries.push_back(entry);
  }
  if (expected != end_offset) return CorruptPack("footer does not cover the whole pack");
  return entries;
}

std::string EncodeTrailer(const PackTrailer& trailer) {
  std::string out;
  AppendLittle<std::uint64_t>(out, trailer.footer_offset);
  AppendLittle<std::uint64_t>(out, trailer.footer_bytes);
  out.append(trailer.footer_hash.raw());
  out.append(kTrailerMagic);
  return out;
}

Result<PackTrailer> DecodeTrailer(std::string_view bytes, std::uint64_t file_bytes) {
  if (bytes.size() != kPackTrailerBytes || !bytes.ends_with(kTrailerMagic))
    return CorruptPack("no trailer magic at the end of the pack");
  LittleReader reader(bytes);
  PackTrailer trailer;
  trailer.footer_offset = reader.Read<std::uint64_t>();
  trailer.footer_bytes = reader.Read<std::uint64_t>();
  trailer.footer_hash = Hash128::FromRaw(reader.ReadBytes(16));
  if (trailer.footer_bytes > kMaxFooterBytes || file_bytes < kPackTrailerBytes ||
      trailer.footer_bytes > file_bytes - kPackTrailerBytes ||
      trailer.footer_offset != file_bytes - kPackTrailerBytes - trailer.footer_bytes)
    return CorruptPack("trailer does not fit the length of the pack");
  return trailer;
}

}  // namespace stateferry::storage::managed
