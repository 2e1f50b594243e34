// How bytes and changes get into the current epoch.

#include <algorithm>

#include "storage/managed/chunker.h"
#include "storage/managed/compress_choice.h"
#include "storage/managed/store_core.h"
#include "storage/part_grid.h"

namespace stateferry::storage::managed {

namespace {
/// Without a flush for so long, PutPart makes one itself: open packs and their rows stay bounded.
constexpr std::uint64_t kMaxUnflushedBytes = 1u << 30;
}  // namespace

Result<StoreCore::Claim> StoreCore::ClaimChunk(const UploadState& upload, const ChunkId& id,
                                               std::uint64_t failures_before) {
  const std::string& project = upload.head.project;
  const std::string key = ChunkKey(project, id);
  auto pending = [&]() -> std::optional<Claim> {
    const auto found = pending_chunks_.find(key);
    if (found == pending_chunks_.end()) return std::nullopt;
    return found->second.written ? Claim::kKnown : Claim::kBusy;
  };
  {
    std::lock_guard lock(mutex);
    if (auto claim = pending()) return *claim;
  }
  SF_TRY(auto place, FindChunk(*index(), project, id));
  Bytes stored;
  const bool known =
      place && !IsLost(place->pack) && (!upload.recheck || ReadsBack(project, id, *place, stored));
  std::lock_guard lock(mutex);
  if (failures_ != failures_before)
    return Error(ErrorCode::kIo, "a flush failed meanwhile: " + last_failure_);
  if (known) {
    if (gc_running) touched_chunks.insert(key);
    return Claim::kKnown;
  }
  if (auto claim = pending()) return *claim;
  // A flush may have moved the chunk into the index between the two looks; then it is stored twice,
  // which is harmless.
  pending_chunks_[key] = {};
  return Claim::kMine;
}

bool StoreCore::IsLost(const PackId& pack) const {
  std::lock_guard lock(mutex);
  return lost_packs.contains(pack);
}

bool StoreCore::ReadsBack(const std::string& project, const ChunkId& id, const ChunkPlace& place,
                          Bytes& stored) {
  auto pack = pack_store->Open(project, place.pack);
  if (!pack || place.stored_bytes > id.length) return false;
  stored.resize(place.stored_bytes);
  auto read = (*pack)->ReadAt(place.offset, stored);
  if (!read || *read != stored.size()) return false;
  if (place.codec == Codec::kRaw) return Xxh3_128(stored) == id.hash;
  Bytes plain(id.length);
  return decompressors.Take()->Decompress(stored, plain) && Xxh3_128(plain) == id.hash;
}

Result<bool> StoreCore::IsWhole(const std::string& project, const FileRecord& record) {
  return HasChunks(project, record.chunks);
}

Result<bool> StoreCore::HasChunks(const std::string& project, const std::vector<ChunkId>& chunks) {
  for (const auto& id : chunks) {
    SF_TRY(auto place, FindChunk(*index(), project, id));
    if (!place || IsLost(place->pack)) return false;
  }
  return true;
}

Result<std::shared_ptr<PackWriter>> StoreCore::OpenPackOf(const std::string& project) {
  std::lock_guard lock(mutex);
  auto& packs = current_->packs[project];
  if (packs.empty() || packs.back()->size_bytes() >= kPackTargetBytes) {
    auto made = NewPack(project);
    if (!made) {
      if (packs.empty()) current_->packs.erase(project);
      return std::move(made).error();
    }
    packs.push_back(std::move(made).value());
  }
  return packs.back();
}

Result<void> StoreCore::AppendToPack(const std::string& project, PackEntry entry, ByteSpan stored) {
  for (;;) {
    SF_TRY(auto pack, OpenPackOf(project));
    SF_TRY(auto offset, pack->Append(entry, stored));
    if (offset) return {};
    // A flush has closed the pack since: the next one is open already.
  }
}

Result<void> StoreCore::StoreChunk(const std::string& project, const ChunkId& id, ByteSpan plain,
                                   int zstd_level, std::uint64_t failures_before) {
  PackEntry entry{.kind = EntryKind::kChunk,
                  .codec = Codec::kRaw,
                  .plain_bytes = id.length,
                  .stored_bytes = id.length,
                  .offset = 0,
                  .hash = id.hash,
                  .check = StoredCheck(id.hash)};
  ByteSpan stored = plain;
  auto frame = scratch.Take();
  if (zstd_level != 0) {
    SF_TRY(compressors.Take()->Compress(plain, *frame));
    if (frame->size() < plain.size()) {
      stored = *frame;
      entry.codec = Codec::kZstd;
      entry.stored_bytes = static_cast<std::uint32_t>(frame->size());
      entry.check = StoredCheck(stored);
    }
  }
  SF_TRY(AppendToPack(project, entry, stored));
  std::lock_guard lock(mutex);
  stats.stored_bytes += stored.size();
  current_->stored_bytes += stored.size();
  // After a failed flush the claim is another thread's, which has not written it yet.
  if (failures_ != failures_before) return {};
  const auto pending = pending_chunks_.find(ChunkKey(project, id));
  // Not there any more: a flush has made it durable already.
  if (pending != pending_chunks_.end()) pending->second.written = true;
  chunk_written_.notify_all();
  return {};
}

void StoreCore::NoteError(const Error& error) {
  std::lock_guard lock(mutex);
  if (!current_->error) current_->error = error;
  chunk_written_.notify_all();
}

Result<std::vector<ChunkId>> StoreCore::StoreChunks(const UploadState& upload, ByteSpan part,
                                                    std::uint64_t failures_before) {
  const std::string& project = upload.head.project;
  const auto lengths = CutChunks(part, ChooseChunking(part));
  std::vector<ChunkId> chunks;
  std::vector<ChunkId> busy;
  chunks.reserve(lengths.size());
  std::optional<int> zstd_level;  // sampled only when something is new
  std::uint64_t known_bytes = 0;
  std::size_t at = 0;
  for (const auto length : lengths) {
    const ByteSpan plain = part.subspan(at, length);
    at += length;
    const ChunkId id{Xxh3_128(plain), length};
    chunks.push_back(id);
    SF_TRY(auto claim, ClaimChunk(upload, id, failures_before));
    if (claim != Claim::kMine) {
      known_bytes += length;
      if (claim == Claim::kBusy) busy.push_back(id);
      continue;
    }
    if (!zstd_level) zstd_level = ChooseZstdLevel(options.compress, part, *compressors.Take());
    auto stored = StoreChunk(project, id, plain, *zstd_level, failures_before);
    if (!stored) {
      NoteError(stored.error());
      return std::move(stored).error();
    }
  }
  // Other threads write these; their packs are flushed no later than this part.
  std::unique_lock lock(mutex);
  for (const auto& id : busy) {
    const std::string key = ChunkKey(project, id);
    chunk_written_.wait(lock, [&] {
      const auto pending = pending_chunks_.find(key);
      return pending == pending_chunks_.end() || pending->second.written ||
             failures_ != failures_before || current_->error;
    });
    if (current_->error) return *current_->error;
  }
  stats.plain_bytes += part.size();
  stats.duplicate_bytes += known_bytes;
  return chunks;
}

Result<void> StoreCore::PutPart(UploadState& upload, std::uint32_t part_index, ByteSpan bytes) {
  SF_TRY(CheckWritable());
  SF_TRY(PartOffset(upload.head.key, upload.grid(), part_index, bytes.size()));
  std::shared_lock shared(gate);
  std::uint64_t failures_before = 0, unflushed = 0;
  {
    std::lock_guard lock(mutex);
    if (upload.ended)
      return Error(ErrorCode::kInvalidArgument, "the upload of " + upload.head.key + " has ended");
    if (current_->error) return *current_->error;  // it cannot become durable any more
    failures_before = failures_;
    unflushed = current_->stored_bytes;
  }
  if (unflushed > kMaxUnflushedBytes) SF_TRY(Flush());
  SF_TRY(auto chunks, StoreChunks(upload, bytes, failures_before));

  std::lock_guard lock(mutex);
  if (failures_ != failures_before)
    return Error(ErrorCode::kIo, "a flush failed while part " + std::to_string(part_index) +
                                     " of " + upload.head.key + " was being stored (" +
                                     last_failure_ + "); put it again");
  if (upload.ended)  // meanwhile
    return Error(ErrorCode::kInvalidArgument, "the upload of " + upload.head.key + " has ended");
  if (bytes.empty()) return {};
  auto& change = current_->uploads[upload.token];
  change.head = upload.head;
  change.parts[part_index] = chunks;
  if (!upload.first_epoch) upload.first_epoch = current_->number;
  upload.parts[part_index] = {std::move(chunks), current_->number};
  return {};
}

Result<std::shared_ptr<UploadState>> StoreCore::StartUpload(const std::string& project,
                                                            std::string_view key,
                                                            const UploadOptions& upload_options) {
  SF_TRY(CheckWritable());
  SF_TRY(CheckKey(key));
  SF_TRY(CheckGrid(key, upload_options));
  std::shared_lock shared(gate);
  auto upload = std::make_shared<UploadState>();
  upload->overwrite = upload_options.overwrite;
  upload->recheck = upload_options.recheck;
  upload->head = {.project = project,
                  .key = std::string(key),
                  .size_bytes = upload_options.size_bytes,
                  .part_bytes = upload_options.part_bytes,
                  .origin = upload_options.origin,
                  .created_ns = clock.Now().time_since_epoch() / std::chrono::nanoseconds(1)};
  if (PartCount(upload_options) > UINT32_MAX)
    return Error(ErrorCode::kInvalidArgument, "too many parts for " + upload->head.key);
  if (upload_options.resume_token.empty()) {
    upload->token = RandomId().raw();
    std::lock_guard lock(mutex);
    live_uploads[upload->token] = upload;
    return upload;
  }
  const Error gone(ErrorCode::kNotFound, "the unfinished upload of " + upload->head.key +
                                             " is gone; it has to start again");
  const auto token = Hash128::FromHex(upload_options.resume_token);
  if (!token) return gone;
  upload->token = token->raw();
  {
    std::lock_guard lock(mutex);
    // Two writers of one upload could free each other's parts.
    auto& live = live_uploads[upload->token];
    if (!live.expired()) return gone;
    live = upload;
  }
  SF_TRY(auto head, FindUpload(*index(), upload->token));
  if (!head || head->project != project || head->key != key ||
      head->size_bytes != upload_options.size_bytes ||
      head->part_bytes != upload_options.part_bytes)
    return gone;
  SF_TRY(auto parts, LoadUploadParts(*index(), upload->token));
  if (pack_store->shared()) {
    // A gc of another machine knows nothing of this upload.
    for (const auto& [part_index, chunks] : parts) {
      SF_TRY(const bool whole, HasChunks(project, chunks));
      if (!whole) return gone;
    }
  }
  upload->first_epoch = 0;
  for (auto& [part_index, chunks] : parts) upload->parts[part_index] = {std::move(chunks), 0};
  return upload;
}

void StoreCore::EndUpload(UploadState& upload) {
  upload.ended = true;
  live_uploads.erase(upload.token);
  current_->uploads.erase(upload.token);
  // A flush looks for the rows of each of these: not for small files, which come and go between
  // two.
  if (upload.first_epoch && *upload.first_epoch != current_->number)
    current_->ended_uploads.insert(upload.token);
}

Result<void> StoreCore::AbortUpload(UploadState& upload) {
  SF_TRY(CheckWritable());
  std::lock_guard lock(mutex);
  EndUpload(upload);
  upload.parts.clear();
  return {};
}

Result<void> StoreCore::CompleteUpload(UploadState& upload) {
  SF_TRY(CheckWritable());
  std::shared_lock shared(gate);
  std::uint64_t failures_before = 0;
  FileRecord record;
  record.key = upload.head.key;
  record.size_bytes = upload.head.size_bytes;
  record.part_bytes = upload.head.part_bytes;
  record.origin = upload.head.origin;
  {
    std::lock_guard lock(mutex);
    if (upload.ended)
      return Error(ErrorCode::kInvalidArgument, "the upload of " + upload.head.key + " has ended");
    failures_before = failures_;
    for (std::uint32_t i = 0; i < PartCount(upload.grid()); ++i) {
      const auto part = upload.parts.find(i);
      if (part == upload.parts.end())
        return Error(ErrorCode::kInvalidArgument,
                     "part " + std::to_string(i) + " of " + record.key + " was never put");
      if (Lost(part->second.epoch))
        return Error(ErrorCode::kIo, "part " + std::to_string(i) + " of " + record.key +
                                         " was lost when a flush failed (" + last_failure_ +
                                         "); put it again");
      record.chunks.insert(record.chunks.end(), part->second.chunks.begin(),
                           part->second.chunks.end());
    }
  }
  record.content = ContentHash(record.size_bytes, record.chunks);
  SF_TRY(PutFileChange(upload.head.project, upload.head.key, upload.overwrite, std::move(record),
                       failures_before));
  std::lock_guard lock(mutex);
  EndUpload(upload);
  return {};
}

Result<bool> StoreCore::Exists(const std::string& file_key) const {
  for (const auto* epoch : {current_.get(), flushing_.get()}) {
    if (!epoch) continue;
    if (const auto found = epoch->files.find(file_key); found != epoch->files.end())
      return found->second.record.has_value();
  }
  SF_TRY(auto row, index()->Get(Family::kFiles, file_key));
  return row.has_value();
}

Result<void> StoreCore::PutFileChange(const std::string& project, std::string_view key,
                                      bool overwrite, std::optional<FileRecord> record,
                                      std::uint64_t failures_before) {
  std::lock_guard lock(mutex);
  if (failures_ != failures_before)
    return Error(ErrorCode::kIo, "a flush failed meanwhile (" + last_failure_ + "), so " +
                                     std::string(key) + " was not changed; repeat it");
  if (!overwrite) {
    // Under the mutex, so that of two only one wins: what leaves the epochs is in the index before.
    SF_TRY(bool exists, Exists(FileKey(project, key)));
    if (exists) return Error(ErrorCode::kConflict, std::string(key) + " exists already");
  }
  Epoch::FileChange change{.sequence = next_sequence++, .record = std::move(record)};
  if (change.record) {
    change.record->sequence = change.sequence;
    change.record->mtime_ns = clock.Now().time_since_epoch() / std::chrono::nanoseconds(1);
    if (EncodeFileRecord(*change.record).size() > kMaxRecordBytes)
      return Error(ErrorCode::kRefused, std::string(key) + " has too many chunks for one file");
  }
  current_->files[FileKey(project, key)] = std::move(change);
  return {};
}

Result<void> StoreCore::Copy(const std::string& project, std::string_view from, std::string_view to,
                             bool overwrite) {
  SF_TRY(CheckWritable());
  SF_TRY(CheckKey(to));
  std::shared_lock shared(gate);
  const auto failures_before = failures();
  SF_TRY(auto record, FindFile(project, from));
  if (!record) return Error(ErrorCode::kNotFound, std::string(from) + " does not exist");
  {
    // The file copied from may go before gc looks at files.
    std::lock_guard lock(mutex);
    if (gc_running)
      for (const auto& id : record->chunks) touched_chunks.insert(ChunkKey(project, id));
  }
  record->key = to;
  return PutFileChange(project, to, overwrite, std::move(record), failures_before);
}

Result<void> StoreCore::Delete(const std::string& project, std::string_view key) {
  SF_TRY(CheckWritable());
  SF_TRY(CheckKey(key));
  const auto failures_before = failures();
  SF_TRY(auto record, FindFile(project, key));
  if (!record) return {};
  return PutFileChange(project, key, true, std::nullopt, failures_before);
}

bool StoreCore::Lost(std::uint64_t epoch) const {
  for (const auto& [first, last] : lost_epochs_)
    if (epoch >= first && epoch <= last) return true;
  return false;
}

}  // namespace stateferry::storage::managed
