// How an epoch becomes durable: packs, then one index batch.

#include <algorithm>

#include "storage/managed/store_core.h"

namespace stateferry::storage::managed {

std::shared_ptr<Epoch> StoreCore::NewEpoch(std::uint64_t number) const {
  auto epoch = std::make_shared<Epoch>();
  epoch->number = number;
  return epoch;
}

Result<std::unique_ptr<PackWriter>> StoreCore::NewPack(const std::string& project) {
  const PackId id = RandomId();
  return PackWriter::Create(io, {.store_id = meta.id, .pack_id = id, .project = project},
                            layout.TempPack(id));
}

std::uint64_t StoreCore::failures() const {
  std::lock_guard lock(mutex);
  return failures_;
}

Error StoreCore::LostError() const {
  std::lock_guard lock(mutex);
  return Error(ErrorCode::kIo, "an earlier flush of store " + name() +
                                   " failed, what was put since is lost: " + last_failure_);
}

Result<void> StoreCore::Flush() {
  SF_TRY(CheckWritable());
  std::lock_guard one_at_a_time(flush_mutex);
  std::shared_ptr<Epoch> epoch;
  {
    std::lock_guard lock(mutex);
    if (current_->empty()) return {};
    epoch = current_;
    flushing_ = epoch;
    current_ = NewEpoch(epoch->number + 1);
  }
  auto durable = MakeDurable(*epoch);
  if (!durable) {
    Abandon(epoch, durable.error());
    return durable;
  }
  Settle(*epoch);
  return {};
}

Result<void> StoreCore::MakeDurable(Epoch& epoch) {
  if (epoch.error) return *epoch.error;
  SF_TRY(SealPacks(epoch));
  SF_TRY(pack_store->shared() ? CommitShared(epoch) : PublishPacks(epoch));
  // The packs have their names: what they hold comes back at the next open, and must not find
  // later changes of this process beside it.
  auto indexed = IndexEpoch(epoch);
  if (!indexed) broken = true;
  return indexed;
}

/// File changes go into the last pack of their project, which is published last: a file record in a
/// pack means that all its chunks are in packs.
Result<void> StoreCore::SealPacks(Epoch& epoch) {
  std::map<std::string, std::vector<PackWriter::Record>> records;
  for (const auto& [row, change] : epoch.files) {
    const auto [project, key] = SplitFileKey(row);
    PackWriter::Record record{
        .kind = EntryKind::kTombstone, .key_hash = Xxh3_128(AsBytes(key)), .bytes = {}};
    if (change.record) {
      record.kind = EntryKind::kFileRecord;
      record.bytes = EncodeFileRecord(*change.record);
    } else {
      record.bytes = EncodeTombstone({.sequence = change.sequence, .key = std::string(key)});
    }
    records[std::string(project)].push_back(std::move(record));
  }
  for (const auto& [project, changes] : records) {
    auto& packs = epoch.packs[project];
    if (packs.empty()) {
      SF_TRY(auto pack, NewPack(project));
      packs.push_back(std::move(pack));
    }
  }
  for (auto& [project, packs] : epoch.packs) {
    for (const auto& pack : packs) pack->Close();
    if (const auto found = records.find(project); found != records.end())
      SF_TRY(packs.back()->AppendRecords(found->second));
    if (packs.back()->empty()) {
      (void)io.Unlink(packs.back()->temp_path());
      packs.pop_back();
    }
    for (const auto& pack : packs) SF_TRY(pack->Finish());
  }
  return {};
}

Result<void> StoreCore::PublishPack(const PackWriter& pack) {
  auto published = pack_store->Publish(pack);
  if (pack_store->broken()) broken = true;
  return published;
}

Result<void> StoreCore::PublishPacks(const Epoch& epoch) {
  auto publish = [&]() -> Result<void> {
    for (const auto& [project, packs] : epoch.packs)
      for (const auto& pack : packs) SF_TRY(PublishPack(*pack));
    return {};
  };
  auto published = publish();
  if (published) return {};
  // What nobody acknowledged must not come back at the next open beside later changes.
  for (const auto& [project, packs] : epoch.packs)
    for (const auto& pack : packs)
      if (!RemovePack(project, pack->header().pack_id)) broken = true;
  return published;
}

Result<void> StoreCore::RemovePack(const std::string& project, const PackId& pack) {
  auto removed = pack_store->Remove(project, pack);
  if (pack_store->broken()) broken = true;
  return removed;
}

Result<void> StoreCore::CommitIndex(IndexDb::Batch& batch) {
  auto committed = index()->Commit(batch);
  if (!committed) broken = true;
  ++files_version_;
  return committed;
}

Result<void> StoreCore::IndexEpoch(const Epoch& epoch) {
  const auto db = index();
  auto batch = db->NewBatch();
  for (const auto& [project, packs] : epoch.packs) {
    for (const auto& pack : packs) {
      const PackId id = pack->header().pack_id;
      for (const auto& entry : pack->entries())
        if (entry.kind == EntryKind::kChunk)
          PutChunk(*batch, project, entry.chunk_id(), PlaceOf(id, entry));
      PutSealedPack(*batch, id, project, pack->file_bytes(), pack->entries().size());
    }
  }
  std::uint64_t sequence = 0;
  std::set<std::string> overtaken;
  for (const auto& [row, change] : epoch.files) {
    sequence = std::max(sequence, change.sequence);
    if (!pack_store->shared()) continue;
    SF_TRY(const bool counts, StillCounts(row, change));
    if (!counts) overtaken.insert(row);
  }
  // Deletions first: an origin that goes with a file may come back with its copy.
  for (const auto& [row, change] : epoch.files) {
    if (change.record || overtaken.contains(row)) continue;
    SF_TRY(DeleteFile(*db, *batch, row));
    if (pack_store->shared()) PutGrave(*batch, row, change.sequence);
  }
  for (const auto& [row, change] : epoch.files) {
    if (!change.record || overtaken.contains(row)) continue;
    PutFile(*batch, SplitFileKey(row).first, *change.record);
    if (pack_store->shared()) DeleteGrave(*batch, row);
  }
  for (const auto& [token, change] : epoch.uploads) {
    batch->Put(Family::kUploads, token, EncodeUploadHead(change.head));
    for (const auto& [part_index, chunks] : change.parts)
      batch->Put(Family::kUploads, UploadPartKey(token, part_index), EncodeChunkList(chunks));
  }
  for (const auto& token : epoch.ended_uploads) SF_TRY(DeleteUpload(*db, *batch, token));
  // Others may have got further.
  SF_TRY(const auto known_sequence, LoadSequence(*db));
  if (sequence > known_sequence) PutSequence(*batch, sequence);
  return CommitIndex(*batch);
}

void StoreCore::Settle(const Epoch& epoch) {
  std::lock_guard lock(mutex);
  flushing_ = nullptr;
  std::erase_if(live_uploads, [](const auto& upload) { return upload.second.expired(); });
  for (const auto& [project, packs] : epoch.packs)
    for (const auto& pack : packs)
      for (const auto& entry : pack->entries())
        if (entry.kind == EntryKind::kChunk)
          pending_chunks_.erase(ChunkKey(project, entry.chunk_id()));
  chunk_written_.notify_all();
}

void StoreCore::Abandon(std::shared_ptr<Epoch> failed, const Error& error) {
  std::shared_ptr<Epoch> newer;
  {
    std::lock_guard lock(mutex);
    newer = current_;
    lost_epochs_.emplace_back(failed->number, newer->number);
    ++failures_;
    last_failure_ = error.message();
    flushing_ = nullptr;
    current_ = NewEpoch(newer->number + 1);
    pending_chunks_.clear();
    chunk_written_.notify_all();
  }
  for (const auto& epoch : {failed, newer}) {
    for (const auto& [project, packs] : epoch->packs) {
      for (const auto& pack : packs) {
        pack->Close();
        (void)io.Unlink(pack->temp_path());
      }
    }
  }
}

}  // namespace stateferry::storage::managed
