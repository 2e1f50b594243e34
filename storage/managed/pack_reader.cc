#include "storage/managed/pack_reader.h"

#include <algorithm>

#include "storage/managed/file_record.h"

namespace stateferry::storage::managed {

namespace {
constexpr std::size_t kScanBlockBytes = 1u << 20;

Result<std::string> ReadText(const File& file, std::uint64_t offset, std::size_t size) {
  std::string text(size, '\0');
  SF_TRY(auto read, file.ReadAt(offset, {reinterpret_cast<std::byte*>(text.data()), size}));
  if (read != size) return Error(ErrorCode::kCorruption, "pack is cut off");
  return text;
}

Result<PackContents> Read(const File& file) {
  SF_TRY(auto stat, file.Stat());
  PackContents pack;
  pack.size_bytes = stat.size_bytes;
  const auto head_bytes = std::min<std::uint64_t>(stat.size_bytes, kMaxPackHeaderBytes);
  SF_TRY(auto head, ReadText(file, 0, head_bytes));
  SF_TRY(pack.header, DecodePackHeader(head, pack.header_bytes));
  if (stat.size_bytes < pack.header_bytes + kPackTrailerBytes)
    return Error(ErrorCode::kCorruption, "pack is cut off");
  SF_TRY(auto tail, ReadText(file, stat.size_bytes - kPackTrailerBytes, kPackTrailerBytes));
  SF_TRY(auto trailer, DecodeTrailer(tail, stat.size_bytes));
  if (trailer.footer_offset < pack.header_bytes)
    return Error(ErrorCode::kCorruption, "footer lies in the header");
  SF_TRY(auto footer, ReadText(file, trailer.footer_offset, trailer.footer_bytes));
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

Result<PackContents> ReadPack(const File& file) {
  auto pack = Read(file);
  if (!pack) return std::move(pack).error().WithContext(file.path());
  return pack;
}

Result<void> ScanEntries(const File& file, const std::vector<PackEntry>& entries,
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
    SF_TRY(auto read, file.ReadAt(begin, MutableByteSpan(block).first(size)));
    if (read != size)
      return Error(ErrorCode::kCorruption,
                   file.path() + ": cut off at offset " + std::to_string(begin + read));
    for (; first < last; ++first)
      SF_TRY(visit(entries[first], ByteSpan(block).subspan(entries[first].offset - begin,
                                                           entries[first].stored_bytes)));
  }
  return {};
}

Result<void> ScanRecords(const File& file, const PackContents& pack,
                         const std::function<Result<void>(const PackChange&)>& visit,
                         const std::function<Result<void>(const Error&)>& on_bad) {
  std::vector<PackEntry> records;
  for (const auto& entry : pack.entries)
    if (entry.kind != EntryKind::kChunk) records.push_back(entry);
  return ScanEntries(file, records, [&](const PackEntry& entry, ByteSpan stored) -> Result<void> {
    auto change = DecodeChange(entry, stored);
    if (change) return visit(*change);
    auto error = std::move(change).error().WithContext(file.path() + ": record at offset " +
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

Result<std::shared_ptr<const File>> PackFiles::Get(const std::string& path) {
  {
    std::lock_guard lock(mutex_);
    if (const auto found = by_path_.find(path); found != by_path_.end()) {
      recent_.splice(recent_.begin(), recent_, found->second);
      return found->second->file;
    }
  }
  SF_TRY(auto opened, io_.Open(path, OpenMode::kRead));
  auto file = std::make_shared<const File>(std::move(opened));
  std::lock_guard lock(mutex_);
  if (by_path_.contains(path)) return file;
  recent_.push_front({path, file});
  by_path_[path] = recent_.begin();
  if (recent_.size() > kMaxOpen) {
    by_path_.erase(recent_.back().path);
    recent_.pop_back();
  }
  return file;
}

void PackFiles::Forget(const std::string& path) {
  std::lock_guard lock(mutex_);
  const auto found = by_path_.find(path);
  if (found == by_path_.end()) return;
  recent_.erase(found->second);
  by_path_.erase(found);
}

}  // namespace stateferry::storage::managed
