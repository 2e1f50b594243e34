// What a commit does beside the packs where other machines write, and remove, as well.

#include <algorithm>

#include "storage/managed/catch_up.h"
#include "storage/managed/store_core.h"

namespace stateferry::storage::managed {

namespace {
using ChunkSet = std::unordered_set<std::string>;  // of ChunkKeys

ChunkSet ChunksOf(const Epoch& epoch, const std::string& project) {
  ChunkSet chunks;
  const auto packs = epoch.packs.find(project);
  if (packs == epoch.packs.end()) return chunks;
  for (const auto& pack : packs->second)
    for (const auto& entry : pack->entries())
      if (entry.kind == EntryKind::kChunk) chunks.insert(ChunkKey(project, entry.chunk_id()));
  return chunks;
}

bool HasRecords(const PackWriter& pack) {
  return std::any_of(pack.entries().begin(), pack.entries().end(),
                     [](const PackEntry& entry) { return entry.kind != EntryKind::kChunk; });
}
}  // namespace

/// Chunks are published before the last look at what others do, and records just after it.
Result<void> StoreCore::CommitShared(Epoch& epoch) {
  std::set<PackId> published;
  auto publish = [&](bool with_records) -> Result<void> {
    for (const auto& [project, packs] : epoch.packs) {
      for (const auto& pack : packs) {
        if (HasRecords(*pack) && !with_records) continue;
        if (!published.insert(pack->header().pack_id).second) continue;
        if (auto put = PublishPack(*pack); !put) {
          // What got there stays, as packs that nobody has to know.  One with file records may be
          // there although it was not acknowledged: the next open finds out.
          broken = true;
          return put;
        }
      }
    }
    return {};
  };
  std::chrono::system_clock::time_point looked;
  std::chrono::steady_clock::time_point looked_steady;
  // By either clock: one does not count while the machine sleeps, the other one is set.
  auto passed = [&](std::chrono::minutes limit) {
    return clock.Now() - looked > limit || clock.Steady() - looked_steady > limit;
  };
  do {
    looked = clock.Now();
    looked_steady = clock.Steady();
    SF_TRY(HearOthers(epoch));
    SF_TRY(publish(false));
  } while (passed(kLongestCommit / 2));
  SF_TRY(publish(true));
  return passed(kLongestCommit) ? LookAgain(epoch) : Result<void>();
}

/// What other machines have committed since comes into the index.  A key that they have changed is
/// not changed here without knowing: files of two snapshots under one name would get mixed.
Result<void> StoreCore::HearOthers(Epoch& epoch) {
  if (epoch.files.empty()) return {};
  const auto db = index();
  std::map<std::string, KeyState> before;
  for (const auto& [row, change] : epoch.files) {
    SF_TRY(before[row], FindKeyState(*db, row));
  }
  SF_TRY(AdoptUnknownPacks());
  SF_TRY(const auto sequence, LoadSequence(*db));
  {
    std::lock_guard lock(mutex);
    next_sequence = std::max(next_sequence, sequence + 1);
  }
  for (const auto& [row, known] : before) {
    SF_TRY(const auto now, FindKeyState(*db, row));
    if (now == known) continue;
    const auto [project, key] = SplitFileKey(row);
    return Error(ErrorCode::kConflict, uri() + "/" + std::string(project) + "/" + std::string(key) +
                                           " was changed by another machine meanwhile; nothing of "
                                           "this commit was written")
        .WithHint("give the snapshot a name of its own, or repeat the command");
  }
  return KeepChunks(epoch);
}

/// Every chunk that the files of this commit need is in a pack that stays: its own, or one that no
/// gc has marked.  From a marked pack it is copied.
Result<void> StoreCore::KeepChunks(Epoch& epoch) {
  std::map<std::string, ChunkSet> own;                        // by project
  std::map<std::string, std::shared_ptr<PackWriter>> copies;  // by project; being written
  for (const auto& [row, change] : epoch.files) {
    if (!change.record) continue;
    const std::string project(SplitFileKey(row).first);
    for (const auto& id : change.record->chunks) {
      SF_TRY(const auto place, FindChunk(*index(), project, id));
      if (place && !IsLost(place->pack)) continue;
      if (!own.contains(project)) own[project] = ChunksOf(epoch, project);
      if (!own[project].insert(ChunkKey(project, id)).second) continue;
      auto& pack = copies[project];
      if (pack && pack->size_bytes() >= kPackTargetBytes) {
        pack->Close();
        SF_TRY(pack->Finish());
        pack = nullptr;
      }
      if (!pack) {
        SF_TRY(pack, NewPack(project));
        // In front: the last pack of a project has the records, which need the others.
        auto& packs = epoch.packs[project];
        packs.insert(packs.begin(), pack);
      }
      if (auto kept = CopyChunk(project, id, place, *pack); !kept)
        return std::move(kept)
            .error()
            .WithContext(change.record->key + " needs a chunk that was removed meanwhile")
            .WithHint("repeat the command: it stores again what is missing");
    }
  }
  for (const auto& [project, pack] : copies) {
    pack->Close();
    SF_TRY(pack->Finish());
  }
  return {};
}

/// As it is stored.  `place` is in a pack that may be gone by now.
Result<void> StoreCore::CopyChunk(const std::string& project, const ChunkId& id,
                                  const std::optional<ChunkPlace>& place, PackWriter& pack) {
  Bytes stored;
  if (!place || !ReadsBack(project, id, *place, stored))
    return Error(ErrorCode::kConflict, "chunk " + id.hash.ToHex() + " is not in the store");
  const PackEntry entry{.kind = EntryKind::kChunk,
                        .codec = place->codec,
                        .plain_bytes = id.length,
                        .stored_bytes = place->stored_bytes,
                        .offset = 0,
                        .hash = id.hash,
                        .check = StoredCheck(stored)};
  SF_TRY(const auto offset, pack.Append(entry, stored));
  SF_ASSERT(offset);
  return {};
}

/// Whether the change is what the key is now, or newer than that: after a late commit the index may
/// know a newer one of another machine.
Result<bool> StoreCore::StillCounts(const std::string& row, const Epoch::FileChange& change) {
  SF_TRY(const auto known, FindKeyState(*index(), row));
  const std::string bytes = change.record ? EncodeFileRecord(*change.record) : "";
  return !CountsMore(known.sequence, known.record_bytes, change.sequence, bytes);
}

/// After a commit that took so long that a gc may not have heard of it: all that its files need
/// must still be there and unmarked.  Otherwise nobody hears of success.
Result<void> StoreCore::LookAgain(const Epoch& epoch) {
  SF_TRY(AdoptUnknownPacks());
  for (const auto& [row, change] : epoch.files) {
    if (!change.record) continue;
    SF_TRY(const bool whole, IsWhole(std::string(SplitFileKey(row).first), *change.record));
    if (whole) continue;
    broken = true;  // the record is there: what it says comes back at the next open
    return Error(ErrorCode::kConflict, "the commit of " + change.record->key +
                                           " took so long that what it needs was removed meanwhile")
        .WithHint("repeat the command: it stores again what is missing");
  }
  return {};
}

}  // namespace stateferry::storage::managed
