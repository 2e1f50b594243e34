// The index made again from the packs alone.

#include <unordered_map>

#include "base/log.h"
#include "storage/managed/maintenance.h"

namespace stateferry::storage::managed {

namespace {

/// Rows are committed in batches of about this size.
constexpr std::size_t kBatchBytes = 4u << 20;

/// Fills an empty index.  Two passes over the records: the first finds the newest change of each
/// key, the second puts those that are files.
class Rebuilder {
 public:
  Rebuilder(const PackStore& packs, const StoreMeta& meta, IndexDb& db)
      : packs_(packs), meta_(meta), db_(db), batch_(db.NewBatch()) {}

  /// Returns a report without StoreInfo.
  Result<RebuildReport> Run(const StoreProgress& progress, std::stop_token stop) {
    SF_TRY(auto files, packs_.List(nullptr));
    SF_TRY(packs_.SyncNames(files));
    const std::uint64_t steps = 2 * files.size();
    std::uint64_t done = 0;
    for (const bool first_pass : {true, false}) {
      for (const auto& found : files) {
        if (stop.stop_requested())
          return Error(ErrorCode::kCancelled,
                       "rebuilding the index was stopped; the old index is "
                       "as it was");
        SF_TRY(TakePack(found, first_pass));
        if (progress) progress(++done, steps);
      }
    }
    PutSequence(*batch_, sequence_);
    SF_TRY(db_.Commit(*batch_));
    return report_;
  }

 private:
  Result<void> TakePack(const FoundPack& found, bool first_pass) {
    SF_TRY(auto source, packs_.OpenPath(found.path));
    auto pack = ReadPack(*source);
    if (pack && (pack->header.store_id != meta_.id || pack->header.pack_id != found.id ||
                 packs_.PathOf(pack->header.project, found.id) != found.path))
      pack = Error(ErrorCode::kCorruption, found.path + " belongs to another place");
    if (!pack) {
      // An unreadable pack must not keep the readable ones from being used.  `store check` names
      // it, and the files that miss it.
      if (pack.error().code() != ErrorCode::kCorruption) return std::move(pack).error();
      if (!first_pass) return {};
      LogWarning("storage", "pack left out of the index: {}", pack.error().message());
      ++report_.packs_left_out;
      return {};
    }
    if (first_pass) SF_TRY(PutChunks(found.id, *source, *pack));
    auto take = [&](const PackChange& change) {
      return first_pass ? NoteChange(pack->header.project, change)
                        : PutChange(pack->header.project, change);
    };
    auto leave_out = [&](const Error& error) -> Result<void> {
      if (!first_pass) return {};
      LogWarning("storage", "record left out of the index: {}", error.message());
      ++report_.records_left_out;
      return {};
    };
    return ScanRecords(*source, *pack, take, leave_out);
  }

  Result<void> PutChunks(const PackId& id, const PackSource& source, const PackContents& pack) {
    const std::string& project = pack.header.project;
    std::vector<PackEntry> again;
    for (const auto& entry : pack.entries) {
      if (entry.kind != EntryKind::kChunk) continue;
      SF_TRY(auto known, FindChunk(db_, project, entry.chunk_id()));
      if (known) {
        again.push_back(entry);
        continue;
      }
      PutChunk(*batch_, project, entry.chunk_id(), PlaceOf(id, entry));
      SF_TRY(CommitWhenLarge());
    }
    // A damaged chunk may have been stored again in another pack: of two copies take a good one.
    SF_TRY(ScanEntries(source, again, [&](const PackEntry& entry, ByteSpan stored) -> Result<void> {
      if (VerifyEntry(entry, stored, unzip_, plain_))
        PutChunk(*batch_, project, entry.chunk_id(), PlaceOf(id, entry));
      return {};
    }));
    PutSealedPack(*batch_, id, pack.header.project, pack.size_bytes, pack.entries.size());
    return Commit();  // the next pack looks for chunks in the index
  }

  Result<void> NoteChange(const std::string& project, const PackChange& change) {
    auto& newest = newest_[Xxh3_128(AsBytes(FileKey(project, change.key)))];
    newest = std::max(newest, change.sequence);
    sequence_ = std::max(sequence_, change.sequence);
    return {};
  }

  Result<void> PutChange(const std::string& project, const PackChange& change) {
    if (change.record_bytes.empty() ||
        newest_[Xxh3_128(AsBytes(FileKey(project, change.key)))] != change.sequence)
      return {};
    SF_TRY(auto record, DecodeFileRecord(change.record_bytes));
    PutFile(*batch_, project, record);
    return CommitWhenLarge();
  }

  Result<void> CommitWhenLarge() {
    if (batch_->size_bytes() < kBatchBytes) return {};
    return Commit();
  }

  Result<void> Commit() {
    SF_TRY(db_.Commit(*batch_));
    batch_ = db_.NewBatch();
    return {};
  }

  const PackStore& packs_;
  const StoreMeta& meta_;
  IndexDb& db_;
  std::unique_ptr<IndexDb::Batch> batch_;
  std::unordered_map<Hash128, std::uint64_t> newest_;  // by hash of the FileKey
  std::uint64_t sequence_ = 0;
  ZstdDecompressor unzip_;
  Bytes plain_;
  RebuildReport report_;
};

}  // namespace

Result<void> FinishIndexSwap(const FileIo& io, const StoreLayout& layout) {
  SF_TRY(bool has_new, io.Exists(layout.IndexNewDir()));
  if (has_new) {
    SF_TRY(bool has_index, io.Exists(layout.IndexDir()));
    if (has_index) {
      SF_TRY(RemoveTree(io, layout.IndexOldDir()));
      SF_TRY(io.Rename(layout.IndexDir(), layout.IndexOldDir()));
      SF_TRY(io.SyncDir(layout.dir));
    }
    SF_TRY(io.Rename(layout.IndexNewDir(), layout.IndexDir()));
    SF_TRY(io.SyncDir(layout.dir));
  }
  return RemoveTree(io, layout.IndexOldDir());
}

Result<void> ReplaceIndex(const FileIo& io, const StoreLayout& layout,
                          const std::function<Result<void>(IndexDb&)>& fill) {
  // Nothing is ever removed under the name index.new: half of it would still be promoted.
  SF_TRY(FinishIndexSwap(io, layout));
  SF_TRY(RemoveTree(io, layout.IndexBuildDir()));
  SF_TRY(io.MakeDirsDurably(layout.IndexBuildDir()));
  {
    SF_TRY(auto db, IndexDb::Open(io, layout.IndexBuildDir(), IndexDb::Mode::kCreate));
    SF_TRY(fill(*db));
  }
  SF_TRY(io.SyncDir(layout.IndexBuildDir()));
  // Under the name index.new the index is whole; Open finishes the swap after a crash.
  SF_TRY(io.Rename(layout.IndexBuildDir(), layout.IndexNewDir()));
  SF_TRY(io.SyncDir(layout.dir));
  return FinishIndexSwap(io, layout);
}

Result<RebuildReport> RebuildIndex(const FileIo& io, Clock& clock, const std::string& dir,
                                   const StoreProgress& progress, std::stop_token stop) {
  const StoreLayout layout{dir};
  SF_TRY(auto meta, ReadStoreMeta(io, layout));
  SF_TRY(auto lock, StoreLock::Acquire(io, clock, layout));
  RebuildReport report;
  SF_TRY(ReplaceIndex(io, layout, [&](IndexDb& db) -> Result<void> {
    SF_TRY(report, Rebuilder(*PacksInDirectory(io, layout), meta, db).Run(progress, stop));
    return {};
  }));
  StoreCore core(io, clock, PartsInDirectory(io, dir), meta, {.read_only = true, .compress = {}});
  SF_TRY(core.RefreshView());
  report.uri = core.uri();
  SF_TRY(report.info, ReadInfo(core));
  return report;
}

}  // namespace stateferry::storage::managed
