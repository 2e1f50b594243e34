#include "storage/managed/pack_writer.h"

#include "storage/managed/pack_reader.h"

namespace stateferry::storage::managed {

Result<std::unique_ptr<PackWriter>> PackWriter::Create(const FileIo& io, const PackHeader& header,
                                                       std::string temp_path) {
  SF_TRY(auto file, io.Open(temp_path, OpenMode::kCreateNew));
  const std::string bytes = EncodePackHeader(header);
  auto written = file.WriteAt(0, AsBytes(bytes));
  if (!written) {
    (void)io.Unlink(temp_path);
    return std::move(written).error();
  }
  return std::unique_ptr<PackWriter>(
      new PackWriter(header, std::move(temp_path), std::move(file), bytes.size()));
}

std::uint64_t PackWriter::size_bytes() const {
  std::lock_guard lock(mutex_);
  return next_offset_;
}

bool PackWriter::empty() const {
  std::lock_guard lock(mutex_);
  return entries_.empty();
}

Result<std::optional<std::uint64_t>> PackWriter::Append(PackEntry entry, ByteSpan stored) {
  std::uint64_t hint_from = 0, hint_to = 0;
  {
    std::lock_guard lock(mutex_);
    if (closed_) return std::optional<std::uint64_t>();
    if (write_error_) return *write_error_;
    entry.offset = next_offset_;
    next_offset_ += stored.size();
    entries_.push_back(entry);
    ++writes_under_way_;
  }
  auto written = file_.WriteAt(entry.offset, stored);
  {
    std::lock_guard lock(mutex_);
    if (!written && !write_error_) write_error_ = written.error();
    if (next_offset_ - hinted_to_ >= kWriteBackBytes) {
      hint_from = hinted_to_;
      hint_to = hinted_to_ = next_offset_;
    }
  }
  // Neighbours may still be on their way into this range; a hint that misses them costs nothing.
  if (hint_to > hint_from) file_.StartSync(hint_from, hint_to - hint_from);
  {
    std::lock_guard lock(mutex_);
    --writes_under_way_;
    idle_.notify_all();
  }
  if (!written) return std::move(written).error();
  return std::optional(entry.offset);
}

void PackWriter::Close() {
  std::unique_lock lock(mutex_);
  closed_ = true;
  idle_.wait(lock, [&] { return writes_under_way_ == 0; });
}

Result<void> PackWriter::AppendRecords(const std::vector<Record>& records) {
  std::string blob;
  std::lock_guard lock(mutex_);
  SF_ASSERT(closed_);
  for (const auto& record : records) {
    const auto length = static_cast<std::uint32_t>(record.bytes.size());
    entries_.push_back({.kind = record.kind,
                        .codec = Codec::kRaw,
                        .plain_bytes = length,
                        .stored_bytes = length,
                        .offset = next_offset_ + blob.size(),
                        .hash = record.key_hash,
                        .check = StoredCheck(AsBytes(record.bytes))});
    blob += record.bytes;
  }
  SF_TRY(file_.WriteAt(next_offset_, AsBytes(blob)));
  next_offset_ += blob.size();
  return {};
}

Result<void> PackWriter::Finish() {
  std::lock_guard lock(mutex_);
  SF_ASSERT(closed_ && writes_under_way_ == 0);
  if (write_error_) return *write_error_;
  std::string tail = EncodeFooter(entries_);
  tail += EncodeTrailer({.footer_offset = next_offset_,
                         .footer_bytes = tail.size(),
                         .footer_hash = Xxh3_128(AsBytes(tail))});
  SF_TRY(file_.WriteAt(next_offset_, AsBytes(tail)));
  file_bytes_ = next_offset_ + tail.size();
  SF_TRY(file_.Sync());
  return ScanEntries(file_, entries_, [&](const PackEntry& entry, ByteSpan stored) -> Result<void> {
    if (StoredCheck(stored) != entry.check)
      return Error(ErrorCode::kCorruption,
                   temp_path_ + ": bytes at offset " + std::to_string(entry.offset) +
                       " came back other than they were written; check disk and memory");
    return {};
  });
}

}  // namespace stateferry::storage::managed
