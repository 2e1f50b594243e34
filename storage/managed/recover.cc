// What Open puts right after a crash.

#include <algorithm>

#include "base/log.h"
#include "storage/managed/catch_up.h"
#include "storage/managed/store_core.h"

namespace stateferry::storage::managed {

Result<void> StoreCore::Recover() {
  // Packs under temporary names were acknowledged to nobody.
  SF_TRY(io.MakeDirsDurably(layout.TempDir()));
  SF_TRY(auto names, io.ListDir(layout.TempDir()));
  for (const auto& name : names) {
    const std::string path = layout.TempDir() + "/" + name;
    SF_TRY(auto stat, io.StatLink(path));
    SF_TRY(stat.is_directory ? RemoveTree(io, path) : io.Unlink(path));
  }
  SF_TRY(RemoveCondemnedPacks());
  SF_TRY(AdoptUnknownPacks());
  SF_TRY(auto sequence, LoadSequence(*index()));
  std::lock_guard lock(mutex);
  next_sequence = sequence + 1;
  return {};
}

Result<void> StoreCore::RemoveCondemnedPacks() {
  const auto db = index();
  auto batch = db->NewBatch();
  bool any = false;
  auto remove = [&](const PackId& id, const PackRow& row) -> Result<void> {
    if (row.state != PackState::kCondemned) return {};
    SF_TRY(RemovePack(row.project, id));
    batch->Delete(Family::kPacks, id.raw());
    any = true;
    return {};
  };
  SF_TRY(ScanPacks(*db, remove));
  if (!any) return {};
  return CommitIndex(*batch);
}

Result<void> StoreCore::NoteLostPacks(const IndexDb& db, const std::vector<FoundPack>& files) {
  std::unordered_map<std::string, std::uint64_t> size_of;  // by path
  for (const auto& found : files) size_of[found.path] = found.size_bytes;
  std::unordered_set<PackId> lost;
  SF_TRY(ScanPacks(db, [&](const PackId& id, const PackRow& row) -> Result<void> {
    const std::string path = pack_store->PathOf(row.project, id);
    const auto found = size_of.find(path);
    if (found != size_of.end() && found->second == row.size_bytes) return {};
    LogWarning("storage", "pack {} is {}; what it held is stored again when it is put again", path,
               found == size_of.end() ? "missing" : "of another length");
    lost.insert(id);
    return {};
  }));
  std::lock_guard lock(mutex);
  lost_packs = std::move(lost);
  return {};
}

Result<void> StoreCore::HearOfOthers() {
  std::lock_guard one_at_a_time(flush_mutex);
  return AdoptUnknownPacks();
}

Result<void> StoreCore::AdoptUnknownPacks() {
  const auto db = index();
  if (pack_store->shared()) {
    auto caught_up = CatchUp(*pack_store, meta, *db, {}, {});
    ++files_version_;
    SF_TRY(auto report, std::move(caught_up));
    std::lock_guard lock(mutex);
    lost_packs = std::move(report.lost);
    lost_packs.merge(report.doomed);
    return {};
  }
  SF_TRY(auto files, pack_store->List(nullptr));
  auto batch = db->NewBatch();
  bool any = false;
  std::map<std::string, std::pair<std::uint64_t, std::string>> changes;  // FileKey -> newest
  SF_TRY(const auto sequence, LoadSequence(*db));

  auto adopt = [&](const FoundPack& found) -> Result<void> {
    SF_TRY(auto source, pack_store->OpenPath(found.path));
    SF_TRY(auto pack, ReadPack(*source));
    const std::string& project = pack.header.project;
    if (pack.header.store_id != meta.id || pack.header.pack_id != found.id ||
        pack_store->PathOf(project, found.id) != found.path)
      return Error(ErrorCode::kCorruption, found.path + " belongs to another place");
    std::map<std::string, std::pair<std::uint64_t, std::string>> found_changes;
    SF_TRY(ScanRecords(*source, pack, [&](const PackChange& change) -> Result<void> {
      auto& newest = found_changes[FileKey(project, change.key)];
      if (change.sequence > newest.first) newest = {change.sequence, change.record_bytes};
      return {};
    }));
    for (const auto& entry : pack.entries) {
      if (entry.kind != EntryKind::kChunk) continue;
      SF_TRY(auto known, FindChunk(*db, project, entry.chunk_id()));
      if (!known) PutChunk(*batch, project, entry.chunk_id(), PlaceOf(found.id, entry));
    }
    for (auto& [row, change] : found_changes)
      if (change.first > changes[row].first) changes[row] = std::move(change);
    PutSealedPack(*batch, found.id, project, pack.size_bytes, pack.entries.size());
    any = true;
    return {};
  };
  std::vector<FoundPack> unknown;
  for (const auto& found : files) {
    SF_TRY(auto row, db->Get(Family::kPacks, found.id.raw()));
    if (!row) unknown.push_back(found);
  }
  SF_TRY(pack_store->SyncNames(unknown));
  for (const auto& found : unknown) {
    if (auto adopted = adopt(found); !adopted)
      LogWarning("storage", "pack left out of the index: {}", adopted.error().message());
  }
  SF_TRY(NoteLostPacks(*db, files));
  if (!any) return {};
  // Older than what the index was told: a copy that gc made of a record, or one overwritten since.
  std::erase_if(changes, [&](const auto& change) { return change.second.first <= sequence; });
  std::uint64_t newest = sequence;
  for (const auto& [row, change] : changes) {
    newest = std::max(newest, change.first);
    if (change.second.empty()) SF_TRY(DeleteFile(*db, *batch, row));
  }
  for (const auto& [row, change] : changes) {
    if (change.second.empty()) continue;
    SF_TRY(auto record, DecodeFileRecord(change.second));
    PutFile(*batch, SplitFileKey(row).first, record);
  }
  PutSequence(*batch, newest);
  return CommitIndex(*batch);
}

}  // namespace stateferry::storage::managed
