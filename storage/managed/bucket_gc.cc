// Garbage collection where other machines write into the packs, know nothing of this gc, and may be
// anywhere between a look at the store and their commit.
//
// What is needed lives in packs without a mark: a gc copies it there first, then marks what is not
// worth keeping.  What has been marked for longer than the grace period is removed.  By then no
// commit is under way that has not seen the mark, and all that were made refer to unmarked packs,
// or are known here.  The order is in docs/formats/managed-store-in-a-bucket.md.

#include <unistd.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "base/lock_file.h"
#include "base/log.h"
#include "storage/managed/live_set.h"
#include "storage/managed/maintenance.h"
#include "storage/managed/pack_copy.h"

namespace stateferry::storage::managed {

namespace {

constexpr std::size_t kMaxBatchBytes = 8u << 20;
/// After so long another gc may begin, whatever has become of this one: two of them do no harm.
constexpr std::chrono::hours kLease{1};

std::string HolderName() { return "process " + std::to_string(getpid()) + " on " + HostName(); }

struct BucketPack {
  FoundPack found;
  PackRow row;
  bool young = false;
};

/// What is to be kept of a pack.
struct Choice {
  BucketPack pack;
  std::vector<bool> wanted;  ///< per entry
  std::uint64_t wanted_bytes = 0;
  bool sparse = false;               ///< too little of it is wanted
  std::uint64_t useless_chunks = 0;  ///< that no file needs, wherever else they are
};

class SharedCollector {
 public:
  SharedCollector(StoreCore& core, const GcOptions& options, const StoreProgress& progress,
                  std::stop_token stop)
      : core_(core),
        shared_(*core.pack_store->shared()),
        options_(options),
        progress_(progress),
        stop_(std::move(stop)) {}

  Result<GcReport> Run() {
    if (options_.dry_run) {
      now_ns_ = core_.clock.Now().time_since_epoch() / std::chrono::nanoseconds(1);
      SF_TRY(Collect());
      return report_;
    }
    std::unique_lock alone(core_.gate);
    SF_TRY(core_.Flush());
    std::lock_guard one_at_a_time(core_.flush_mutex);
    SF_TRY(const auto lease, shared_.TakeLease(HolderName(), kLease));
    now_ns_ = lease.now_ns;
    auto collected = Collect();
    if (auto ended = shared_.EndLease(lease); !ended)
      LogWarning("storage", "gc: the lease stays until it is over: {}", ended.error().message());
    SF_TRY(std::move(collected));
    return report_;
  }

 private:
  Result<void> Collect() {
    SF_TRY(Look());
    SF_TRY(FindNeeded());
    SF_TRY(ChooseFromKept());
    SF_TRY(ChooseFromMarked());
    SF_TRY(CheckAllIsHeld());
    SF_TRY(CopyAway());
    SF_TRY(CommitRows());
    SF_TRY(MarkPacks());
    SF_TRY(RemoveMarked());
    if (!options_.dry_run) SF_TRY(core_.AdoptUnknownPacks());  // and lets go of what was removed
    report_.packs_after = report_.packs_before - report_.packs_deleted + new_packs_;
    return {};
  }

  Result<void> Look() {
    SF_TRY(const auto marks, shared_.Marks());
    for (const auto& mark : marks) marked_at_[mark.id] = mark.mtime_ns;
    if (!options_.dry_run) SF_TRY(core_.AdoptUnknownPacks());
    std::vector<std::string> strangers;
    SF_TRY(const auto listed, core_.pack_store->List(&strangers));
    // It may be a pack whose name was damaged on its way, and hold what would be taken for lost.
    if (!strangers.empty()) return Stranger(strangers[0]).WithContext("gc refused");
    report_.packs_before = listed.size();
    for (const auto& found : listed) {
      listed_.insert(found.id);
      SF_TRY(const auto row, core_.index()->Get(Family::kPacks, found.id.raw()));
      BucketPack pack{.found = found, .row = {}, .young = IsYoung(found.mtime_ns)};
      if (!row) {
        // Put since; or damaged, so that the index knows nothing of what it says.
        std::shared_ptr<const PackSource> source;
        auto contents = Load(pack, source);
        if (contents || contents.error().code() == ErrorCode::kNotFound) continue;
        return std::move(contents).error().WithHint("run: stateferry store check " + core_.name());
      }
      SF_TRY(pack.row, DecodePackRow(*row));
      if (pack.row.size_bytes != found.size_bytes)
        return Error(ErrorCode::kCorruption, "gc refused: " + found.path +
                                                 " has another length "
                                                 "than it was put with")
            .WithHint("run: stateferry store check " + core_.name());
      total_bytes_ += found.size_bytes;
      (marked_at_.contains(found.id) ? marked_ : kept_).push_back(std::move(pack));
    }
    // What is chosen first keeps a chunk of which there are more copies: packs that stay anyhow,
    // and long ones.
    std::sort(kept_.begin(), kept_.end(), [](const BucketPack& a, const BucketPack& b) {
      if (a.young != b.young) return a.young;
      if (a.found.size_bytes != b.found.size_bytes) return a.found.size_bytes > b.found.size_bytes;
      return a.found.id < b.found.id;
    });
    LogInfo("storage", "gc: {} packs, {} of them marked by an earlier one", listed.size(),
            marked_.size());
    return {};
  }

  bool IsYoung(std::int64_t since_ns) const {
    return now_ns_ - since_ns <= std::chrono::nanoseconds(options_.grace).count();
  }

  Result<void> FindNeeded() {
    // An upload whose chunks are gone begins again when it is resumed.
    auto is_there = [&](const std::string& project, const ChunkId& id) -> Result<bool> {
      SF_TRY(const auto place, FindChunk(*core_.index(), project, id));
      return place && listed_.contains(place->pack);
    };
    SF_TRY(MarkNeeded(*core_.index(), needed_, stop_, is_there));
    held_.assign(needed_.size(), false);
    return Stopped();
  }

  Result<PackContents> Load(const BucketPack& pack, std::shared_ptr<const PackSource>& source) {
    auto opened = core_.pack_store->OpenFound(pack.found);
    if (!opened) return std::move(opened).error().WithContext("gc refused");
    source = std::move(opened).value();
    auto contents = ReadPack(*source);
    if (!contents) return std::move(contents).error().WithContext("gc refused");
    return contents;
  }

  static Hash128 KeyHash(std::string_view file_key) { return Xxh3_128(AsBytes(file_key)); }

  /// What of a pack is needed and in no pack that was looked at before.
  Result<Choice> Choose(const BucketPack& pack) {
    Choice choice{.pack = pack, .wanted = {}};
    std::shared_ptr<const PackSource> source;
    SF_TRY(const auto contents, Load(pack, source));
    const std::string& project = pack.row.project;
    const auto& entries = contents.entries;
    choice.wanted.assign(entries.size(), false);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (entries[i].kind != EntryKind::kChunk) continue;
      const auto number = needed_.Find(project, entries[i].chunk_id());
      if (!number) ++choice.useless_chunks;
      if (!number || held_[*number]) continue;
      held_[*number] = choice.wanted[i] = true;
      ++held_count_;
      SF_TRY(PointTo(project, pack.found.id, entries[i]));
    }
    std::size_t next = 0;
    auto judge = [&](const PackChange& change) -> Result<void> {
      while (entries[next].kind == EntryKind::kChunk) ++next;
      const std::size_t i = next++;
      SF_TRY(const bool counts, Counts(FileKey(project, change.key), change));
      choice.wanted[i] = counts;
      return {};
    };
    if (auto judged = ScanRecords(*source, contents, judge); !judged)
      return std::move(judged).error().WithContext("gc refused");
    for (std::size_t i = 0; i < entries.size(); ++i)
      if (choice.wanted[i]) choice.wanted_bytes += entries[i].stored_bytes;
    choice.sparse = IsSparse(contents, choice.wanted_bytes, options_.min_live_fraction);
    done_bytes_ += pack.found.size_bytes;
    if (progress_) progress_(done_bytes_, total_bytes_);
    return choice;
  }

  /// The index names the copy that stays.
  Result<void> PointTo(const std::string& project, const PackId& pack, const PackEntry& entry) {
    if (options_.dry_run) return {};
    SF_TRY(const auto place, FindChunk(*core_.index(), project, entry.chunk_id()));
    if (place && *place == PlaceOf(pack, entry)) return {};
    if (!batch_) batch_ = core_.index()->NewBatch();
    PutChunk(*batch_, project, entry.chunk_id(), PlaceOf(pack, entry));
    return batch_->size_bytes() < kMaxBatchBytes ? Result<void>() : CommitRows();
  }

  /// Whether it says what the key is now and no pack that was looked at before says the same.
  /// Deletions are kept for ever: a machine that comes back after years must hear of them, and the
  /// sequence numbers of changes must go on from them.
  Result<bool> Counts(const std::string& row, const PackChange& change) {
    SF_TRY(const auto now, FindKeyState(*core_.index(), row));
    if (now.sequence != change.sequence || now.record_bytes != change.record_bytes) return false;
    return held_changes_.insert(KeyHash(row)).second;
  }

  Result<void> ChooseFromKept() {
    std::map<std::string, std::uint64_t> small;  // by project
    for (const auto& pack : kept_)
      if (!pack.young && pack.found.size_bytes < kSmallPackBytes) ++small[pack.row.project];
    for (const auto& pack : kept_) {
      SF_TRY(Stopped());
      SF_TRY(auto choice, Choose(pack));
      if (pack.young) continue;
      const bool merge = pack.found.size_bytes < kSmallPackBytes && small[pack.row.project] > 1;
      if (choice.wanted_bytes > 0 && !choice.sparse && !merge) continue;
      to_mark_.push_back(pack.found);
      if (choice.wanted_bytes > 0) {
        ++report_.packs_rewritten;
        copies_[pack.row.project].push_back(std::move(choice));
      }
    }
    return {};
  }

  /// What came to be needed after the mark, by a commit that had not seen it yet.
  Result<void> ChooseFromMarked() {
    for (const auto& pack : marked_) {
      SF_TRY(Stopped());
      SF_TRY(auto choice, Choose(pack));
      if (!IsYoung(marked_at_[pack.found.id])) report_.chunks_freed += choice.useless_chunks;
      if (choice.wanted_bytes > 0) copies_[pack.row.project].push_back(std::move(choice));
    }
    return {};
  }

  Result<void> CheckAllIsHeld() const {
    if (held_count_ == needed_.size()) return {};
    return Error(ErrorCode::kCorruption,
                 "gc refused: " + std::to_string(needed_.size() - held_count_) +
                     " chunks that files need are not in the store")
        .WithHint("run: stateferry store check " + core_.name());
  }

  Result<void> CopyAway() {
    for (const auto& [project, choices] : copies_) {
      std::unique_ptr<PackWriter> pack;
      std::vector<PackWriter::Record> records;
      auto copy = [&]() -> Result<void> {
        for (const auto& choice : choices) {
          SF_TRY(Stopped());
          if (!pack) {
            SF_TRY(pack, core_.NewPack(project));
          }
          SF_TRY(CopyOf(choice, *pack, records));
          std::uint64_t bytes = pack->size_bytes();
          for (const auto& record : records) bytes += record.bytes.size();
          if (bytes >= kPackTargetBytes) SF_TRY(Publish(pack, records));
        }
        return pack ? Publish(pack, records) : Result<void>();
      };
      for (const auto& choice : choices) report_.bytes_rewritten += choice.wanted_bytes;
      if (options_.dry_run) {
        ++new_packs_;
        continue;
      }
      auto copied = copy();
      if (pack) {
        pack->Close();
        (void)core_.io.Unlink(pack->temp_path());
      }
      SF_TRY(std::move(copied));
    }
    return {};
  }

  Result<void> CopyOf(const Choice& choice, PackWriter& pack,
                      std::vector<PackWriter::Record>& records) {
    std::shared_ptr<const PackSource> source;
    SF_TRY(const auto contents, Load(choice.pack, source));
    std::vector<PackEntry> wanted;
    for (std::size_t i = 0; i < choice.wanted.size(); ++i)
      if (choice.wanted[i]) wanted.push_back(contents.entries[i]);
    return CopyEntries(*source, wanted, core_.name(), pack, records);
  }

  /// Takes the pack away once it is public; its rows are durable on return.
  Result<void> Publish(std::unique_ptr<PackWriter>& pack,
                       std::vector<PackWriter::Record>& records) {
    pack->Close();
    SF_TRY(pack->AppendRecords(records));
    SF_TRY(pack->Finish());
    SF_TRY(core_.PublishPack(*pack));
    const auto published = std::move(pack);
    records.clear();
    ++new_packs_;
    const PackId id = published->header().pack_id;
    if (!batch_) batch_ = core_.index()->NewBatch();
    for (const auto& entry : published->entries())
      if (entry.kind == EntryKind::kChunk)
        PutChunk(*batch_, published->header().project, entry.chunk_id(), PlaceOf(id, entry));
    PutSealedPack(*batch_, id, published->header().project, published->file_bytes(),
                  published->entries().size());
    return CommitRows();
  }

  Result<void> CommitRows() {
    if (!batch_) return {};
    const auto batch = std::move(batch_);
    return core_.CommitIndex(*batch);
  }

  Result<void> MarkPacks() {
    for (const auto& pack : to_mark_) {
      SF_TRY(Stopped());
      if (!options_.dry_run) SF_TRY(shared_.Mark(pack.id));
      ++report_.packs_marked;
      report_.bytes_marked += pack.size_bytes;
    }
    if (!to_mark_.empty()) LogInfo("storage", "gc: marked {} packs", to_mark_.size());
    return {};
  }

  Result<void> RemoveMarked() {
    for (const auto& pack : marked_) {
      SF_TRY(Stopped());
      if (IsYoung(marked_at_[pack.found.id])) continue;
      ++report_.packs_deleted;
      report_.bytes_freed += pack.found.size_bytes;
      if (options_.dry_run) continue;
      SF_TRY(core_.RemovePack(pack.row.project, pack.found.id));
      SF_TRY(shared_.RemoveMark(pack.found.id));
    }
    if (options_.dry_run) return {};
    // A crash came between the two.
    for (const auto& [id, since] : marked_at_)
      if (!listed_.contains(id) && !IsYoung(since)) SF_TRY(shared_.RemoveMark(id));
    return {};
  }

  Result<void> Stopped() const {
    if (!stop_.stop_requested()) return {};
    return Error(ErrorCode::kCancelled, "gc was stopped; the store is whole, run it again");
  }

  StoreCore& core_;
  SharedPacks& shared_;
  const GcOptions options_;
  const StoreProgress& progress_;
  const std::stop_token stop_;
  std::int64_t now_ns_ = 0;
  GcReport report_;
  std::vector<BucketPack> kept_, marked_;
  std::unordered_set<PackId> listed_;
  std::unordered_map<PackId, std::int64_t> marked_at_;
  std::uint64_t total_bytes_ = 0, done_bytes_ = 0, new_packs_ = 0;
  LiveSet needed_;
  std::vector<bool> held_;  // by number in needed_: in a pack that was looked at
  std::size_t held_count_ = 0;
  std::unordered_set<Hash128> held_changes_;
  std::map<std::string, std::vector<Choice>> copies_;  // by project
  std::vector<FoundPack> to_mark_;
  std::unique_ptr<IndexDb::Batch> batch_;
};

}  // namespace

Result<GcReport> CollectShared(StoreCore& core, const GcOptions& options,
                               const StoreProgress& progress, std::stop_token stop) {
  if (options.grace < kShortestGrace)
    return Error(ErrorCode::kInvalidArgument,
                 "a gc of a store in a bucket needs a grace period of at least an hour: commits of "
                 "other machines may take as long");
  return SharedCollector(core, options, progress, std::move(stop)).Run();
}

}  // namespace stateferry::storage::managed
