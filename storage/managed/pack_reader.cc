#include "storage/managed/pack_reader.h"

#include <algorithm>

#include "storage/managed/file_record.h"

namespace stateferry::storage::managed {

namespace {
constexpr std::size_t kScanBlockBytes = 1u << 20;

Result<std::string> ReadText(const PackSource& source, std::uint64_t offset, std::size_t size) {
  std::string text(size, '\0');
  SF_TRY(auto read, source.ReadAt(offset, {reinterpret_cast<std::byte*>(text.data()), size}));
  if (read != size) return Error(ErrorCode::kCorruption, "pack is cut off");
  return text;
}

Result<PackContents> Read(const PackSource& source) {
  PackContents pack;
  SF_TRY(pack.size_bytes, source.SizeBytes());
  const auto head_bytes = std::min<std::uint64_t>(pack.size_bytes, kMaxPackHeaderBytes);
  SF_TRY(auto head, ReadText(source, 0, head_bytes));
  SF_TRY(pack.header, DecodePackHeader(head, pack.header_bytes));
  if (pack.size_bytes < pack.header_bytes + kPackTrailerBytes)
    return Error(ErrorCode::kCorruption, "pack is cut off");
  SF_TRY(auto tail, ReadText(source, pack.size_bytes - kPackTrailerBytes, kPackTrailerBytes));
  SF_TRY(auto trailer, DecodeTrailer(tail, pack.size_bytes));
  if (trailer.footer_offset < pack.header_bytes)
    return Error(ErrorCode::kCorruption, "footer lies in the header");
  SF_TRY(auto footer, ReadText(source, trailer.footer_offset, trailer.footer_bytes));
  if (Xxh3_128(AsBytes(footer)) != trailer.footer_hash)
    return Error(ErrorCode::kCorruption, "footer fails its hash");
  SF_TRY(pack.entries, DecodeFooter(footer, pack.header_bytes, trailer.footer_offset));
  return pack;
}

Result<PackChange> DecodeChange(const PackEntry& entry, ByteSpan stored) {
  if (StoredCheck(stored) != entry.check)
    return Error(ErrorCode::kCorruption, "stored bytes fail their check");
  if (entry.kind == EntryKind::kFileRecord) {
    SF_TRY(auto record, DecodeFileRecord(AsText(stored)));
    return PackChange{record.sequence, std::move(record.key), std::string(AsText(stored))};
  }
  SF_TRY(auto tombstone, DecodeTombstone(AsText(stored)));
  return PackChange{tombstone.sequence, std::move(tombstone.key), {}};
}
}  // namespace

Result<PackContents> ReadPack(const PackSource& source) {
  auto pack = Read(source);
  if (!pack) return std::move(pack).error().WithContext(source.path());
  return pack;
}

Result<void> ScanEntries(const PackSource& source, const std::vector<PackEntry>& entries,
                         const EntryVisitor& visit) {
  Bytes block;
  for (std::size_t first = 0; first < entries.size();) {
    // As many neighbours as fit into a block, at least one.
    const std::uint64_t begin = entries[first].offset;
    std::uint64_t end = begin + entries[first].stored_bytes;
    std::size_t last = first + 1;
    while (last < entries.size() && entries[last].offset == end &&
           end - begin + entries[last].stored_bytes <= kScanBlockBytes)
      end += entries[last++].stored_bytes;
    const std::size_t size = end - begin;
    if (block.size() < size) block.resize(size);
    SF_TRY(auto read, source.ReadAt(begin, MutableByteSpan(block).first(size)));
    if (read != size)
      return Error(ErrorCode::kCorruption,
                   source.path() + ": cut off at offset " + std::to_string(begin + read));
    for (; first < last; ++first)
      SF_TRY(visit(entries[first], ByteSpan(block).subspan(entries[first].offset - begin,
                                                           entries[first].stored_bytes)));
  }
  return {};
}

Result<void> ScanRecords(const PackSource& source, const PackContents& pack,
                         const std::function<Result<void>(const PackChange&)>& visit,
                         const std::function<Result<void>(const Error&)>& on_bad) {
  std::vector<PackEntry> records;
  for (const auto& entry : pack.entries)
    if (entry.kind != EntryKind::kChunk) records.push_back(entry);
  return ScanEntries(source, records, [&](const PackEntry& entry, ByteSpan stored) -> Result<void> {
    auto change = DecodeChange(entry, stored);
    if (change) return visit(*change);
    auto error = std::move(change).error().WithContext(source.path() + ": record at offset " +
                                                       std::to_string(entry.offset));
    if (on_bad && error.code() == ErrorCode::kCorruption) return on_bad(error);
    return error;
  });
}

Result<void> VerifyEntry(const PackEntry& entry, ByteSpan stored, ZstdDecompressor& unzip,
                         Bytes& plain) {
  const Hash128 hash = Xxh3_128(stored);
  if (StoredCheck(hash) != entry.check)
    return Error(ErrorCode::kCorruption, "stored bytes fail their check");
  if (entry.kind != EntryKind::kChunk) return {};
  if (entry.codec == Codec::kRaw) {
    if (hash != entry.hash) return Error(ErrorCode::kCorruption, "chunk fails its hash");
    return {};
  }
  plain.resize(entry.plain_bytes);
  SF_TRY(unzip.Decompress(stored, plain));
  if (Xxh3_128(plain) != entry.hash) return Error(ErrorCode::kCorruption, "chunk fails its hash");
  return {};
}

}  // namespace stateferry::storage::managed
