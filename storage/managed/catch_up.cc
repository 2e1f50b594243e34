#include "storage/managed/catch_up.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/log.h"
#include "base/task_group.h"
#include "storage/managed/chunk_index.h"
#include "storage/managed/file_table.h"
#include "storage/managed/pack_reader.h"

namespace stateferry::storage::managed {

namespace {

/// Packs are looked at by so many threads, which wait for the network most of the time, ...
constexpr std::size_t kReaders = 16;
/// ... so many at a time, whose footers are in memory together.
constexpr std::size_t kWindow = 64;
/// Neither listings nor ranges of objects come with a checksum.  What makes no sense may have been
/// damaged on its way, and is asked for so often before it is taken for damaged in the store.
constexpr int kLooks = 6;

struct LoadedPack {
  PackContents contents;
  std::vector<PackChange> changes;
  std::vector<std::string> bad_records;  ///< what is wrong with each
};

class CatcherUp {
 public:
  CatcherUp(const PackStore& packs, const StoreMeta& meta, IndexDb& db,
            const StoreProgress& progress, std::stop_token stop)
      : packs_(packs), meta_(meta), db_(db), progress_(progress), stop_(std::move(stop)) {}

  Result<CatchUpReport> Run() {
    // A listing takes time: what a commit needs was there before it, but may have been put behind
    // the listing's back.  The next listing has it.
    for (bool again = true; again;) {
      in_doubt_ = false;
      SF_TRY(Look());
      SF_TRY(again, TakeIn());
      again = again || in_doubt_;
    }
    SF_TRY(LetGo());
    for (const auto& path : strangers_)
      LogWarning("storage", "left out of the index: {}", Stranger(path).message());
    report_.packs_left_out += strangers_.size();
    return report_;
  }

  /// Whether what makes no sense is to be looked at once more.
  bool Doubt() {
    if (in_doubt_) return true;
    if (looks_left_ == 0) return false;
    --looks_left_;
    return in_doubt_ = true;
  }

 private:
  Result<void> Look() {
    report_.doomed.clear();
    SF_TRY(const auto marks, packs_.shared()->Marks());
    for (const auto& mark : marks) report_.doomed.insert(mark.id);
    const std::unordered_set<std::string> before(strangers_.begin(), strangers_.end());
    strangers_.clear();
    SF_TRY(listed_, packs_.List(&strangers_));
    unknown_.clear();
    // The name of a pack that was damaged on its way is another one the next time; what it holds
    // would be missed in silence.  A foreign object keeps its name.
    const auto fresh = std::find_if(strangers_.begin(), strangers_.end(),
                                    [&](const auto& path) { return !before.contains(path); });
    if (fresh != strangers_.end() && !Doubt()) return Stranger(*fresh);
    report_.packs_found = listed_.size();
    std::unordered_map<PackId, std::uint64_t> size_of;
    for (const auto& found : listed_) size_of[found.id] = found.size_bytes;
    const auto gone_before = std::exchange(gone_, {});
    report_.lost.clear();
    std::unordered_set<PackId> known;
    SF_TRY(ScanPacks(db_, [&](const PackId& id, const PackRow& row) -> Result<void> {
      known.insert(id);
      const auto found = size_of.find(id);
      if (found == size_of.end())
        gone_.emplace(id, row.project);
      else if (found->second != row.size_bytes)
        report_.lost.insert(id);
      return {};
    }));
    for (const auto& found : listed_)
      if (!known.contains(found.id) && !left_out_.contains(found.id)) unknown_.push_back(found);
    // A wrong name or length in the listing looks the same.
    if (gone_ != gone_before || !report_.lost.empty()) Doubt();
    return {};
  }

  /// Whether any of them changed files.
  Result<bool> TakeIn() {
    bool changed_files = false;
    for (std::size_t first = 0; first < unknown_.size(); first += kWindow) {
      const auto count = std::min(kWindow, unknown_.size() - first);
      const std::span<const FoundPack> window(&unknown_[first], count);
      std::vector<std::optional<LoadedPack>> loaded(count);
      SF_TRY(Load(window, loaded));
      for (std::size_t i = 0; i < count; ++i) {
        if (!loaded[i]) continue;
        changed_files = changed_files || !loaded[i]->changes.empty();
        SF_TRY(Take(window[i].id, *loaded[i]));
      }
      if (progress_) progress_(first + count, unknown_.size());
    }
    return changed_files;
  }

  Result<void> Load(std::span<const FoundPack> window,
                    std::vector<std::optional<LoadedPack>>& loaded) {
    std::vector<std::optional<Error>> bad(window.size());
    std::atomic<bool> missed{false};
    std::atomic<std::size_t> next{0};
    TaskGroup threads(stop_);
    for (std::size_t i = 0; i < std::min(kReaders, window.size()); ++i) {
      threads.Start([&](std::stop_token stop) -> Result<void> {
        for (auto at = next++; at < window.size(); at = next++) {
          if (stop.stop_requested())
            return Error(ErrorCode::kCancelled, "reading the store was stopped");
          auto pack = LoadOne(window[at]);
          if (pack) {
            loaded[at] = std::move(pack).value();
          } else if (pack.error().code() == ErrorCode::kCorruption) {
            bad[at] = std::move(pack).error();
          } else if (pack.error().code() == ErrorCode::kNotFound) {
            missed = true;  // gc beside us took it
          } else {
            return std::move(pack).error();
          }
        }
        return {};
      });
    }
    SF_TRY(threads.Wait());
    if (missed) Doubt();
    for (std::size_t i = 0; i < bad.size(); ++i) {
      const bool damaged = bad[i] || (loaded[i] && !loaded[i]->bad_records.empty());
      if (damaged && Doubt()) {
        loaded[i].reset();
        continue;
      }
      if (loaded[i])
        for (const auto& record : loaded[i]->bad_records)
          LogWarning("storage", "record left out of the index: {}", record);
      if (!bad[i]) continue;
      // An unreadable pack must not keep the readable ones from being used.
      LogWarning("storage", "pack left out of the index: {}", bad[i]->message());
      ++report_.packs_left_out;
      left_out_.insert(window[i].id);
    }
    return {};
  }

  Result<LoadedPack> LoadOne(const FoundPack& found) const {
    LoadedPack pack;
    SF_TRY(const auto source, packs_.OpenFound(found));
    SF_TRY(pack.contents, ReadPack(*source));
    const auto& header = pack.contents.header;
    if (header.store_id != meta_.id || header.pack_id != found.id ||
        packs_.PathOf(header.project, found.id) != found.path)
      return Error(ErrorCode::kCorruption, found.path + " belongs to another place");
    auto keep = [&](const PackChange& change) -> Result<void> {
      pack.changes.push_back(change);
      return {};
    };
    auto leave_out = [&](const Error& error) -> Result<void> {
      pack.bad_records.push_back(error.message());
      return {};
    };
    SF_TRY(ScanRecords(*source, pack.contents, keep, leave_out));
    return pack;
  }

  Result<void> Take(const PackId& id, const LoadedPack& pack) {
    const std::string& project = pack.contents.header.project;
    report_.records_left_out += pack.bad_records.size();
    auto batch = db_.NewBatch();
    SF_TRY(PutChunks(id, pack, *batch));
    std::map<std::string, const PackChange*> newest;  // by FileKey
    std::uint64_t sequence = 0;
    for (const auto& change : pack.changes) {
      sequence = std::max(sequence, change.sequence);
      auto& best = newest[FileKey(project, change.key)];
      if (!best ||
          CountsMore(change.sequence, change.record_bytes, best->sequence, best->record_bytes))
        best = &change;
    }
    for (const auto& [row, change] : newest) SF_TRY(PutIfNewer(row, *change, *batch));
    PutSealedPack(*batch, id, project, pack.contents.size_bytes, pack.contents.entries.size());
    SF_TRY(const auto known_sequence, LoadSequence(db_));
    if (sequence > known_sequence) PutSequence(*batch, sequence);
    return db_.Commit(*batch);
  }

  /// Of a chunk that is known already the copy heard of later is taken: gc makes copies before it
  /// marks what it has copied.
  Result<void> PutChunks(const PackId& id, const LoadedPack& pack, IndexDb::Batch& batch) {
    const std::string& project = pack.contents.header.project;
    const bool doomed = report_.doomed.contains(id);
    for (const auto& entry : pack.contents.entries) {
      if (entry.kind != EntryKind::kChunk) continue;
      if (doomed) {
        SF_TRY(const auto known, FindChunk(db_, project, entry.chunk_id()));
        if (known && !gone_.contains(known->pack) && !report_.lost.contains(known->pack)) continue;
      }
      PutChunk(batch, project, entry.chunk_id(), PlaceOf(id, entry));
    }
    return {};
  }

  Result<void> PutIfNewer(const std::string& row, const PackChange& change, IndexDb::Batch& batch) {
    SF_TRY(const auto known, FindKeyState(db_, row));
    if (!CountsMore(change.sequence, change.record_bytes, known.sequence, known.record_bytes))
      return {};
    if (change.record_bytes.empty()) {
      SF_TRY(DeleteFile(db_, batch, row));
      PutGrave(batch, row, change.sequence);
      return {};
    }
    SF_TRY(const auto record, DecodeFileRecord(change.record_bytes));
    if (!known.record_bytes.empty()) SF_TRY(DeleteFile(db_, batch, row));  // with its origin
    PutFile(batch, SplitFileKey(row).first, record);
    DeleteGrave(batch, row);
    return {};
  }

  /// Rows of packs that a gc has removed.  What files need of them, the gc has copied to packs that
  /// are known by now; where another copy was known already, the index did not name it.  Until the
  /// last batch the packs count as known, so that all of this is done again after a crash.
  Result<void> LetGo() {
    if (gone_.empty()) return {};
    SF_TRY(FindOtherCopies());
    auto batch = db_.NewBatch();
    std::uint64_t chunks = 0;
    SF_TRY(db_.Scan(Family::kChunks, "",
                    [&](std::string_view key, std::string_view value) -> Result<bool> {
                      SF_TRY(const auto row, DecodeChunkRow(key, value));
                      if (!gone_.contains(row.place.pack)) return true;
                      batch->Delete(Family::kChunks, key);
                      ++chunks;
                      return true;
                    }));
    for (const auto& [id, project] : gone_) batch->Delete(Family::kPacks, id.raw());
    SF_TRY(db_.Commit(*batch));
    LogInfo("storage", "{} packs with {} chunks are not in the store any more", gone_.size(),
            chunks);
    return {};
  }

  /// Rows of chunks that files need move from packs that are gone to others.
  Result<void> FindOtherCopies() {
    std::map<std::string, std::unordered_set<std::string>> missing;  // project -> ChunkKeys
    SF_TRY(db_.Scan(Family::kFiles, "",
                    [&](std::string_view row, std::string_view value) -> Result<bool> {
                      SF_TRY(const auto record, DecodeFileRecord(value));
                      const std::string project(SplitFileKey(row).first);
                      for (const auto& id : record.chunks) {
                        SF_TRY(const auto place, FindChunk(db_, project, id));
                        if (!place || gone_.contains(place->pack))
                          missing[project].insert(ChunkKey(project, id));
                      }
                      return true;
                    }));
    for (const auto& found : listed_) {
      if (missing.empty()) break;
      SF_TRY(const auto known, db_.Get(Family::kPacks, found.id.raw()));
      if (!known) continue;
      SF_TRY(const auto row, DecodePackRow(*known));
      const auto wanted = missing.find(row.project);
      if (wanted == missing.end() || report_.lost.contains(found.id)) continue;
      auto pack = LoadOne(found);
      if (!pack && pack.error().code() != ErrorCode::kCorruption &&
          pack.error().code() != ErrorCode::kNotFound)
        return std::move(pack).error();
      if (!pack) {
        LogWarning("storage", "no copies are looked for in a pack: {}", pack.error().message());
        continue;
      }
      const bool doomed = report_.doomed.contains(found.id);
      auto batch = db_.NewBatch();
      for (const auto& entry : pack->contents.entries) {
        if (entry.kind != EntryKind::kChunk) continue;
        const std::string key = ChunkKey(row.project, entry.chunk_id());
        if (!wanted->second.contains(key)) continue;
        PutChunk(*batch, row.project, entry.chunk_id(), PlaceOf(found.id, entry));
        if (!doomed) wanted->second.erase(key);  // else a better one may come
      }
      SF_TRY(db_.Commit(*batch));
      if (wanted->second.empty()) missing.erase(wanted);
    }
    return {};
  }

  const PackStore& packs_;
  const StoreMeta& meta_;
  IndexDb& db_;
  const StoreProgress& progress_;
  const std::stop_token stop_;
  CatchUpReport report_;
  std::vector<FoundPack> listed_, unknown_;
  std::unordered_map<PackId, std::string> gone_;  // -> project
  std::unordered_set<PackId> left_out_;
  std::vector<std::string> strangers_;  // of the last listing
  int looks_left_ = kLooks - 1;
  bool in_doubt_ = false;
};

}  // namespace

Result<CatchUpReport> CatchUp(const PackStore& packs, const StoreMeta& meta, IndexDb& db,
                              const StoreProgress& progress, std::stop_token stop) {
  return CatcherUp(packs, meta, db, progress, std::move(stop)).Run();
}

}  // namespace stateferry::storage::managed
