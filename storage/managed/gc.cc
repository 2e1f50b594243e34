// Garbage collection: mark what files and uploads need, then rewrite or delete packs, group by
// group.  Copies are durable and indexed before an old pack goes; a crash leaves too much, never
// too little.

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "base/log.h"
#include "storage/managed/live_set.h"
#include "storage/managed/maintenance.h"
#include "storage/managed/pack_copy.h"

namespace stateferry::storage::managed {

namespace {

/// Bounds the footers held in memory at once.
constexpr std::size_t kMaxGroupPacks = 256;

struct KnownPack {
  PackId id;
  PackRow row;
};

/// A pack with what is still needed of it.
struct PackView {
  KnownPack pack;
  PackContents contents;
  std::vector<bool> live;  ///< per entry
  std::uint64_t live_bytes = 0;
  std::uint64_t live_records = 0;
};

class Collector {
 public:
  Collector(StoreCore& core, const GcOptions& options, const StoreProgress& progress,
            std::stop_token stop)
      : core_(core), options_(options), progress_(progress), stop_(std::move(stop)) {}
  ~Collector() {
    if (!began_) return;
    std::lock_guard lock(core_.mutex);
    core_.gc_running = false;
    core_.touched_chunks.clear();
  }

  Result<GcReport> Run() {
    SF_TRY(BeAlone());
    SF_TRY(Begin());
    SF_TRY(Mark());
    LogInfo("storage", "gc: {} packs, {} chunks are needed", packs_.size(), live_.size());
    SF_TRY(CheckNothingIsMissing());
    SF_TRY(CountRecordsOfDeletedKeys());
    // Packs with tombstones come last: once the records they bury are gone, they can go too.
    for (const bool with_tombstones : {false, true}) {
      std::map<std::string, std::vector<KnownPack>> by_project;
      for (const auto& pack : packs_)
        if (tombstone_packs_.contains(pack.id) == with_tombstones)
          by_project[pack.row.project].push_back(pack);
      for (const auto& [project, packs] : by_project) SF_TRY(CollectProject(project, packs));
    }
    // Many small packs may be merged into one that is hardly shorter.
    report_.bytes_freed = static_cast<std::uint64_t>(std::max<std::int64_t>(freed_bytes_, 0));
    return report_;
  }

 private:
  Result<void> BeAlone() {
    std::lock_guard lock(core_.mutex);
    if (core_.gc_running)
      return Error(ErrorCode::kLocked, "a gc of store " + core_.name() + " is running already");
    core_.gc_running = began_ = true;
    core_.touched_chunks.clear();
    return {};
  }

  /// A dry run changes and locks nothing, so that it works beside a writer; packs that this one is
  /// about to publish are not counted.
  Result<void> BeginDryRun() {
    SF_TRY(ScanPacks(*core_.index(), [&](const PackId& id, const PackRow& row) -> Result<void> {
      if (row.state != PackState::kSealed) return {};
      packs_.push_back({id, row});
      total_bytes_ += row.size_bytes;
      return {};
    }));
    report_.packs_before = report_.packs_after = packs_.size();
    return {};
  }

  Result<void> Begin() {
    if (options_.dry_run) return BeginDryRun();
    std::unique_lock alone(core_.gate);
    // All accepted parts become rows, and rows are roots.
    SF_TRY(core_.Flush());
    std::lock_guard one_at_a_time(core_.flush_mutex);
    SF_TRY(core_.RemoveCondemnedPacks());
    SF_TRY(core_.AdoptUnknownPacks());
    auto note = [&](const PackId& id, const PackRow& row) -> Result<void> {
      packs_.push_back({id, row});
      total_bytes_ += row.size_bytes;
      return {};
    };
    SF_TRY(ScanPacks(*core_.index(), note));
    SF_TRY(auto files, core_.pack_store->List(nullptr));
    if (files.size() != packs_.size())
      return Error(ErrorCode::kCorruption, "gc refused: " + core_.layout.PacksDir() + " holds " +
                                               std::to_string(files.size()) +
                                               " packs, the index knows " +
                                               std::to_string(packs_.size()))
          .WithHint("run: stateferry store check " + core_.name());
    report_.packs_before = report_.packs_after = packs_.size();
    return {};
  }

  Result<void> Mark() {
    SF_TRY(MarkNeeded(*core_.index(), live_, stop_));
    return Stopped();
  }

  Result<void> CheckNothingIsMissing() {
    std::uint64_t found = 0;
    auto count = [&](std::string_view key, std::string_view value) -> Result<bool> {
      SF_TRY(auto row, DecodeChunkRow(key, value));
      if (live_.Contains(row.project, row.id)) ++found;
      return true;
    };
    SF_TRY(core_.index()->Scan(Family::kChunks, "", count));
    if (found >= live_.size()) return {};
    return Error(ErrorCode::kCorruption, "gc refused: " + std::to_string(live_.size() - found) +
                                             " chunks that files need are not in the store")
        .WithHint("run: stateferry store check " + core_.name());
  }

  Result<PackView> Load(const KnownPack& pack) {
    PackView view;
    view.pack = pack;
    SF_TRY(auto source, OpenPack(view));
    auto contents = ReadPack(*source);
    if (!contents) return contents.error().WithContext("gc refused");
    view.contents = std::move(contents).value();
    return view;
  }
  Result<std::shared_ptr<const PackSource>> OpenPack(const PackView& view) {
    auto source = core_.pack_store->Open(view.pack.row.project, view.pack.id);
    if (!source) return source.error().WithContext("gc refused");
    return source;
  }

  /// Which keys have tombstones, and how many file records of these keys there are.
  Result<void> CountRecordsOfDeletedKeys() {
    for (const bool count : {false, true}) {
      if (count && tombstone_packs_.empty()) break;
      for (const auto& pack : packs_) {
        SF_TRY(Stopped());
        SF_TRY(auto view, Load(pack));
        for (const auto& entry : view.contents.entries) {
          if (!count && entry.kind == EntryKind::kTombstone) {
            tombstone_packs_.insert(pack.id);
            buried_records_[BuriedKey(pack.row.project, entry)];
          }
          if (count) CountRecord(pack.row.project, entry, 1);
        }
      }
    }
    return {};
  }
  void CountRecord(const std::string& project, const PackEntry& entry, int by) {
    if (entry.kind != EntryKind::kFileRecord) return;
    const auto key = buried_records_.find(BuriedKey(project, entry));
    if (key != buried_records_.end()) key->second += by;
  }
  static Hash128 BuriedKey(std::string_view project, const PackEntry& entry) {
    return Xxh3_128(AsBytes(FileKey(project, entry.hash.raw())));
  }

  /// Says which entries of a pack are needed at this moment.
  Result<void> Evaluate(PackView& view) {
    const std::string& project = view.pack.row.project;
    const auto db = core_.index();
    const auto& entries = view.contents.entries;
    view.live.assign(entries.size(), false);
    view.live_bytes = view.live_records = 0;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (entries[i].kind != EntryKind::kChunk) continue;
      const auto id = entries[i].chunk_id();
      SF_TRY(auto place, FindChunk(*db, project, id));
      if (!place || *place != PlaceOf(view.pack.id, entries[i])) continue;  // a second copy
      std::lock_guard lock(core_.mutex);
      view.live[i] =
          live_.Contains(project, id) || core_.touched_chunks.contains(ChunkKey(project, id));
    }
    std::size_t next = 0;
    auto judge = [&](const PackChange& change) -> Result<void> {
      while (entries[next].kind == EntryKind::kChunk) ++next;
      const std::size_t i = next++;
      SF_TRY(auto row, db->Get(Family::kFiles, FileKey(project, change.key)));
      std::uint64_t current = 0;
      if (row) {
        SF_TRY(auto head, DecodeFileRecordHead(*row));
        current = head.sequence;
      }
      if (!change.record_bytes.empty())
        view.live[i] = current == change.sequence;
      else
        view.live[i] =
            current < change.sequence && buried_records_[BuriedKey(project, entries[i])] > 0;
      if (view.live[i]) ++view.live_records;
      return {};
    };
    SF_TRY(auto source, OpenPack(view));
    if (auto judged = ScanRecords(*source, view.contents, judge); !judged)
      return judged.error().WithContext("gc refused");
    for (std::size_t i = 0; i < entries.size(); ++i)
      if (view.live[i]) view.live_bytes += entries[i].stored_bytes;
    return {};
  }

  Result<void> CollectProject(const std::string& project, const std::vector<KnownPack>& packs) {
    std::uint64_t small_packs = 0;
    for (const auto& pack : packs)
      if (pack.row.size_bytes < kSmallPackBytes) ++small_packs;
    std::vector<PackView> group;
    std::uint64_t group_bytes = 0;
    for (const auto& pack : packs) {
      SF_TRY(Stopped());
      SF_TRY(auto view, Load(pack));
      SF_TRY(Evaluate(view));
      done_bytes_ += pack.row.size_bytes;
      if (progress_) progress_(done_bytes_, total_bytes_);
      const bool sparse = IsSparse(view.contents, view.live_bytes, options_.min_live_fraction);
      const bool merge = small_packs > 1 && pack.row.size_bytes < kSmallPackBytes;
      if (view.live_bytes > 0 && !sparse && !merge) continue;
      group_bytes += view.live_bytes;
      group.push_back(std::move(view));
      if (group_bytes >= kPackTargetBytes || group.size() >= kMaxGroupPacks) {
        SF_TRY(Replace(project, group));
        group.clear();
        group_bytes = 0;
      }
    }
    return Replace(project, group);
  }

  /// Puts what is live of the group into a new pack, and removes the old ones.
  Result<void> Replace(const std::string& project, std::vector<PackView>& group) {
    if (group.empty()) return {};
    if (options_.dry_run) {
      for (const auto& view : group) {
        Report(view, view.live_bytes);
        freed_bytes_ -= static_cast<std::int64_t>(view.live_bytes);
        for (std::size_t i = 0; i < view.live.size(); ++i)
          if (view.contents.entries[i].kind == EntryKind::kChunk && !view.live[i])
            ++report_.chunks_freed;
      }
      return {};
    }
    std::unique_lock alone(core_.gate);
    std::lock_guard one_at_a_time(core_.flush_mutex);
    auto batch = core_.index()->NewBatch();
    std::unique_ptr<PackWriter> pack;
    auto copy = [&]() -> Result<void> {
      SF_TRY(pack, core_.NewPack(project));
      std::vector<PackWriter::Record> records;
      for (auto& view : group) {
        SF_TRY(Evaluate(view));  // again: an upload may have come to need a chunk
        SF_TRY(CopyLive(view, *pack, records));
      }
      pack->Close();
      SF_TRY(pack->AppendRecords(records));
      if (pack->empty()) return core_.io.Unlink(pack->temp_path());
      SF_TRY(pack->Finish());
      return core_.PublishPack(*pack);
    };
    if (auto copied = copy(); !copied) {
      if (pack) {
        pack->Close();
        (void)core_.io.Unlink(pack->temp_path());
        // A published copy that is not indexed is the same content again; Open adopts it.
      }
      return copied;
    }
    for (const auto& view : group) DropRows(project, view, *batch);
    LogInfo("storage", "gc: {} packs of project {} are replaced by {}", group.size(), project,
            pack->empty() ? "none" : "one");
    if (!pack->empty()) PutRows(project, *pack, *batch);
    SF_TRY(core_.CommitIndex(*batch));
    return RemoveOld(project, group);
  }

  Result<void> CopyLive(const PackView& view, PackWriter& pack,
                        std::vector<PackWriter::Record>& records) {
    std::vector<PackEntry> wanted;
    for (std::size_t i = 0; i < view.live.size(); ++i)
      if (view.live[i]) wanted.push_back(view.contents.entries[i]);
    SF_TRY(auto source, OpenPack(view));
    return CopyEntries(*source, wanted, core_.name(), pack, records);
  }

  void DropRows(const std::string& project, const PackView& view, IndexDb::Batch& batch) {
    const auto& entries = view.contents.entries;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (entries[i].kind != EntryKind::kChunk || view.live[i]) continue;
      const auto place = FindChunk(*core_.index(), project, entries[i].chunk_id());
      // A second copy elsewhere keeps its row.
      if (!place || !*place || **place != PlaceOf(view.pack.id, entries[i])) continue;
      batch.Delete(Family::kChunks, ChunkKey(project, entries[i].chunk_id()));
      ++report_.chunks_freed;
    }
    PackRow row = view.pack.row;
    row.state = PackState::kCondemned;
    batch.Put(Family::kPacks, view.pack.id.raw(), EncodePackRow(row));
  }

  void PutRows(const std::string& project, const PackWriter& pack, IndexDb::Batch& batch) {
    const PackId id = pack.header().pack_id;
    for (const auto& entry : pack.entries()) {
      if (entry.kind == EntryKind::kChunk)
        PutChunk(batch, project, entry.chunk_id(), PlaceOf(id, entry));
      CountRecord(project, entry, 1);
    }
    PutSealedPack(batch, id, project, pack.file_bytes(), pack.entries().size());
    ++report_.packs_after;
    freed_bytes_ -= static_cast<std::int64_t>(pack.file_bytes());
  }

  Result<void> RemoveOld(const std::string& project, const std::vector<PackView>& group) {
    for (const auto& view : group) {
      SF_TRY(core_.RemovePack(project, view.pack.id));
      for (const auto& entry : view.contents.entries) CountRecord(project, entry, -1);
      Report(view, view.live_bytes);
    }
    auto batch = core_.index()->NewBatch();
    for (const auto& view : group) batch->Delete(Family::kPacks, view.pack.id.raw());
    return core_.CommitIndex(*batch);
  }

  void Report(const PackView& view, std::uint64_t live_bytes) {
    --report_.packs_after;
    ++(live_bytes > 0 ? report_.packs_rewritten : report_.packs_deleted);
    report_.bytes_rewritten += live_bytes;
    freed_bytes_ += static_cast<std::int64_t>(view.contents.size_bytes);
  }

  Result<void> Stopped() const {
    if (!stop_.stop_requested()) return {};
    return Error(ErrorCode::kCancelled, "gc was stopped; the store is whole, run it again");
  }

  StoreCore& core_;
  const GcOptions options_;
  const StoreProgress& progress_;
  const std::stop_token stop_;
  bool began_ = false;
  GcReport report_;
  std::vector<KnownPack> packs_;
  std::uint64_t total_bytes_ = 0, done_bytes_ = 0;
  std::int64_t freed_bytes_ = 0;
  LiveSet live_;
  std::set<PackId> tombstone_packs_;
  /// BuriedKey of each tombstone -> file records of that key in packs that exist.
  std::unordered_map<Hash128, std::int64_t> buried_records_;
};

}  // namespace

Result<GcReport> CollectGarbage(StoreCore& core, const GcOptions& options,
                                const StoreProgress& progress, std::stop_token stop) {
  if (core.options.read_only && !options.dry_run)
    return Error(ErrorCode::kRefused, "gc needs the store open for writing");
  if (core.pack_store->shared()) return CollectShared(core, options, progress, std::move(stop));
  return Collector(core, options, progress, std::move(stop)).Run();
}

}  // namespace stateferry::storage::managed
