// Reads a store and says what is wrong with it.

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "storage/managed/maintenance.h"

namespace stateferry::storage::managed {

namespace {

/// A damage names at most so many files; the sentence says that there are more.
constexpr std::size_t kMaxNamedFiles = 1000;

class Checker {
 public:
  Checker(StoreCore& core, CheckLevel level, const StoreProgress& progress, std::stop_token stop)
      : core_(core),
        deep_(level == CheckLevel::kDeep),
        progress_(progress),
        stop_(std::move(stop)),
        db_(core.index()) {}

  Result<CheckReport> Run() {
    do {
      vanished_packs_ = false;
      SF_TRY(CountChunkRows());
      SF_TRY(CheckPacks());
      // The gc of a writer beside us has moved what they held: look at the packs it made.
    } while (vanished_packs_);
    SF_TRY(CheckUnknownPacks());
    SF_TRY(CheckFiles());
    SF_TRY(NameMissingRows());
    SF_TRY(CheckUploads());
    return std::move(report_);
  }

 private:
  std::size_t AddDamage(std::string what) {
    report_.damages.push_back({std::move(what), {}, {}});
    return report_.damages.size() - 1;
  }

  Result<void> CountChunkRows() {
    rows_per_pack_.clear();
    report_.chunks = 0;
    auto count = [&](std::string_view key, std::string_view value) -> Result<bool> {
      SF_TRY(auto row, DecodeChunkRow(key, value));
      ++rows_per_pack_[row.place.pack];
      ++report_.chunks;
      SF_TRY(Stopped());
      return true;
    };
    return db_->Scan(Family::kChunks, "", count);
  }

  Result<void> CheckPacks() {
    std::vector<std::pair<PackId, PackRow>> packs;
    std::unordered_set<PackId> listed;
    auto note = [&](const PackId& id, const PackRow& row) -> Result<void> {
      if (row.state == PackState::kSealed) listed.insert(id);
      // A condemned pack may go at any moment, and nothing in it is needed.
      if (!known_packs_.insert(id).second || row.state != PackState::kSealed) return {};
      packs.emplace_back(id, row);
      total_bytes_ += row.size_bytes;
      return {};
    };
    const auto db = db_;
    SF_TRY(ScanPacks(*db, note));
    for (const auto& [id, row] : packs) {
      SF_TRY(Stopped());
      const std::string path = core_.pack_store->PathOf(row.project, id);
      auto checked = CheckPack(*db, id, row, path);
      if (!checked && checked.error().code() == ErrorCode::kNotFound) {
        // The index knew it to be there when the store was opened.
        if (core_.pack_store->shared())
          return Error(ErrorCode::kConflict,
                       "pack " + path +
                           " went while it was to be checked; most likely a gc of "
                           "another machine removed it")
              .WithHint("run the check again: it finds out whether something is missing");
        SF_TRY(bool vanished, HasVanished(id));
        if (vanished) {
          vanished_packs_ = any_vanished_ = true;
          continue;
        }
      }
      ++report_.packs;
      if (!checked) {
        bad_packs_[id] = AddDamage("pack " + path + ": " + checked.error().message());
        bad_packs_of_[row.project].push_back(bad_packs_[id]);
      }
      done_bytes_ += row.size_bytes;
      if (progress_) progress_(done_bytes_, total_bytes_);
    }
    if (vanished_packs_) return {};
    for (const auto& [id, count] : rows_per_pack_)
      if (!listed.contains(id))
        bad_packs_[id] = AddDamage("the index names " + std::to_string(count) + " chunks in pack " +
                                   id.ToHex() + ", which it does not list");
    return {};
  }

  /// Whether a pack that is not there was taken away by the gc of a writer beside us.
  Result<bool> HasVanished(const PackId& id) {
    if (!core_.options.read_only) return false;
    SF_TRY(core_.RefreshView());
    db_ = core_.index();
    SF_TRY(auto value, db_->Get(Family::kPacks, id.raw()));
    if (!value) return true;
    SF_TRY(auto row, DecodePackRow(*value));
    return row.state != PackState::kSealed;
  }

  /// An error means that the pack as a whole cannot be trusted.
  Result<void> CheckPack(const IndexDb& db, const PackId& id, const PackRow& row,
                         const std::string& path) {
    SF_TRY(auto source, core_.pack_store->OpenPath(path));
    SF_TRY(auto pack, ReadPack(*source));
    if (pack.header.store_id != core_.meta.id || pack.header.pack_id != id ||
        pack.header.project != row.project)
      return Error(ErrorCode::kCorruption, "its header names another store, pack or project");
    if (pack.size_bytes != row.size_bytes || pack.entries.size() != row.entries)
      return Error(ErrorCode::kCorruption, "its length or entry count differs from the index");
    SF_TRY(CompareWithIndex(db, id, row.project, pack));
    if (!deep_) {
      for (const auto& entry : pack.entries)
        if (entry.kind == EntryKind::kFileRecord)
          records_found_.insert(RecordKey(row.project, entry.hash));
      return {};
    }
    Bytes plain;
    auto unzip = core_.decompressors.Take();
    auto verify = [&](const PackEntry& entry, ByteSpan stored) -> Result<void> {
      report_.bytes_read += stored.size();
      if (auto verified = VerifyEntry(entry, stored, *unzip, plain); !verified) {
        return NoteBadEntry(db, row.project, id, path, entry, verified.error().message());
      }
      if (entry.kind == EntryKind::kFileRecord) return CompareRecord(db, row.project, path, stored);
      if (entry.kind == EntryKind::kTombstone) return NoteTombstone(row.project, path, stored);
      return {};
    };
    return ScanEntries(*source, pack.entries, verify);
  }

  Result<void> CompareWithIndex(const IndexDb& db, const PackId& id, const std::string& project,
                                const PackContents& pack) {
    std::uint64_t matched = 0;
    for (const auto& entry : pack.entries) {
      if (entry.kind != EntryKind::kChunk) continue;
      // No row, or one that names another pack: a second copy, or a chunk that gc has freed in a
      // pack worth keeping.  Files that need a chunk without a row are found by their own walk.
      SF_TRY(auto place, FindChunk(db, project, entry.chunk_id()));
      if (place && *place == PlaceOf(id, entry)) ++matched;
    }
    const auto rows = rows_per_pack_.find(id);
    if (matched != (rows == rows_per_pack_.end() ? 0 : rows->second))
      return Error(ErrorCode::kCorruption,
                   "the index names chunks in it that its footer does not; run: stateferry store "
                   "rebuild-index");
    return {};
  }

  Result<void> NoteBadEntry(const IndexDb& db, const std::string& project, const PackId& id,
                            const std::string& path, const PackEntry& entry,
                            const std::string& why) {
    if (entry.kind == EntryKind::kChunk) {
      SF_TRY(auto place, FindChunk(db, project, entry.chunk_id()));
      // It was stored again, and nobody reads this copy.
      if (place && *place != PlaceOf(id, entry)) return {};
    }
    const char* kind = entry.kind == EntryKind::kChunk        ? "chunk"
                       : entry.kind == EntryKind::kFileRecord ? "file record"
                                                              : "tombstone";
    const auto damage = AddDamage("pack " + path + ": " + kind + " at offset " +
                                  std::to_string(entry.offset) + ": " + why);
    if (entry.kind == EntryKind::kChunk)
      bad_chunks_[ChunkKey(project, entry.chunk_id())] = damage;
    else
      bad_records_[RecordKey(project, entry.hash)] = damage;
    return {};
  }

  static std::uint64_t RecordKey(std::string_view project, const Hash128& key_hash) {
    return Xxh3_64(AsBytes(FileKey(project, key_hash.raw())));
  }
  static std::uint64_t RecordKeyOf(std::string_view project, std::string_view key) {
    return RecordKey(project, Xxh3_128(AsBytes(key)));
  }

  Result<void> CompareRecord(const IndexDb& db, const std::string& project, const std::string& path,
                             ByteSpan stored) {
    auto record = DecodeFileRecord(AsText(stored));
    if (!record) {
      AddDamage("pack " + path + ": " + record.error().message());
      return {};
    }
    std::string file_key = FileKey(project, record->key);
    SF_TRY(auto row, db.Get(Family::kFiles, file_key));
    std::uint64_t in_index = 0;
    if (row) {
      SF_TRY(auto head, DecodeFileRecordHead(*row));
      in_index = head.sequence;
    }
    if (in_index < record->sequence) {
      auto& newest = newer_than_index_[std::move(file_key)];
      newest = std::max(newest, record->sequence);
    }
    if (in_index != record->sequence) return {};
    // Two writers may have changed a file at the same time: then the other record counts.
    if (core_.pack_store->shared() && *row > AsText(stored)) return {};
    if (*row != AsText(stored))
      AddDamage("pack " + path + ": the record of " + project + "/" + record->key +
                " differs from the index");
    records_found_.insert(RecordKeyOf(project, record->key));
    return {};
  }

  Result<void> NoteTombstone(const std::string& project, const std::string& path, ByteSpan stored) {
    auto tombstone = DecodeTombstone(AsText(stored));
    if (!tombstone) {
      AddDamage("pack " + path + ": " + tombstone.error().message());
      return {};
    }
    auto& newest = tombstones_[RecordKeyOf(project, tombstone->key)];
    newest = std::max(newest, tombstone->sequence);
    return {};
  }

  /// Files that packs hold but the index does not.  A pack that cannot be read may hold their
  /// tombstones, and is damage enough; one that a gc took may have held them too.
  Result<void> NameMissingRows() {
    if (!bad_packs_.empty() || !bad_records_.empty() || any_vanished_) return {};
    std::optional<std::size_t> damage;
    for (const auto& [row, sequence] : newer_than_index_) {
      const auto [project, key] = SplitFileKey(row);
      const auto buried = tombstones_.find(RecordKeyOf(project, key));
      if (buried != tombstones_.end() && buried->second > sequence) continue;
      if (!damage)
        damage = AddDamage(
            "packs hold newer records of files than the index; run: stateferry store "
            "rebuild-index");
      SF_TRY(NameFileAndSnapshot(*damage, project, key));
    }
    return {};
  }

  /// Files under packs/ that the index does not name: a crash may leave whole ones, which the next
  /// writer takes in; broken ones are damage.
  Result<void> CheckUnknownPacks() {
    std::vector<std::string> strangers, again;
    SF_TRY(auto files, core_.pack_store->List(&strangers));
    // What was damaged on its way has another name the next time.
    if (!strangers.empty()) SF_TRY(core_.pack_store->List(&again));
    const std::unordered_set<std::string> before(strangers.begin(), strangers.end());
    for (const auto& path : again)
      if (before.contains(path)) AddDamage(Stranger(path).message());
    for (const auto& found : files) {
      SF_TRY(Stopped());
      if (known_packs_.contains(found.id)) continue;
      auto checked = CheckUnknownPack(found.path);
      // Not found: a writer removed it in between.
      if (!checked && checked.error().code() != ErrorCode::kNotFound)
        AddDamage("pack outside the index: " + checked.error().message());
    }
    return {};
  }

  Result<void> CheckUnknownPack(const std::string& path) {
    SF_TRY(auto source, core_.pack_store->OpenPath(path));
    SF_TRY(auto pack, ReadPack(*source));
    if (!deep_) return {};
    Bytes plain;
    auto unzip = core_.decompressors.Take();
    return ScanEntries(*source, pack.entries, [&](const PackEntry& entry, ByteSpan stored) {
      report_.bytes_read += stored.size();
      auto verified = VerifyEntry(entry, stored, *unzip, plain);
      if (verified) return verified;
      return Result<void>(std::move(verified).error().WithContext(path + ": offset " +
                                                                  std::to_string(entry.offset)));
    });
  }

  Result<void> CheckFiles() {
    auto check = [&](std::string_view row, std::string_view value) -> Result<bool> {
      ++report_.files;
      const auto [project, key] = SplitFileKey(row);
      auto record = DecodeFileRecord(value);
      if (!record) {
        NameFile(AddDamage("index: " + record.error().message()), project, key);
        return true;
      }
      std::set<std::size_t> damages;
      std::uint64_t missing = 0;
      for (const auto& id : record->chunks) {
        SF_TRY(auto place, FindChunk(*db_, project, id));
        if (!place) {
          ++missing;
          continue;
        }
        if (const auto bad = bad_packs_.find(place->pack); bad != bad_packs_.end())
          damages.insert(bad->second);
        if (bad_chunks_.empty()) continue;
        if (const auto bad = bad_chunks_.find(ChunkKey(project, id)); bad != bad_chunks_.end())
          damages.insert(bad->second);
      }
      if (missing > 0)
        damages.insert(AddDamage("file " + std::string(project) + "/" + std::string(key) +
                                 " needs " + std::to_string(missing) +
                                 " chunks that are not in the store"));
      const auto record_key = RecordKeyOf(project, key);
      const auto bad_packs_here = bad_packs_of_.find(std::string(project));
      if (const auto bad = bad_records_.find(record_key); bad != bad_records_.end())
        damages.insert(bad->second);
      else if (records_found_.contains(record_key))
        ;
      else if (bad_packs_here != bad_packs_of_.end())  // its record lay in one of these
        damages.insert(bad_packs_here->second.begin(), bad_packs_here->second.end());
      else if (deep_)
        damages.insert(AddDamage("file " + std::string(project) + "/" + std::string(key) +
                                 " is in the index but its record is in no pack"));
      for (const auto damage : damages) SF_TRY(NameFileAndSnapshot(damage, project, key));
      SF_TRY(Stopped());
      return true;
    };
    return db_->Scan(Family::kFiles, "", check);
  }

  void NameFile(std::size_t damage, std::string_view project, std::string_view key) {
    auto& files = report_.damages[damage].files;
    const std::string name = std::string(project) + "/" + std::string(key);
    if (files.size() < kMaxNamedFiles)
      files.push_back(name);
    else if (files.size() == kMaxNamedFiles)
      files.push_back("and more");
  }

  /// The snapshot of a file is the nearest directory upwards that holds a `_metadata`.
  Result<void> NameFileAndSnapshot(std::size_t damage, std::string_view project,
                                   std::string_view key) {
    NameFile(damage, project, key);
    std::string snapshot = std::string(project) + "/" + std::string(key);
    for (std::string_view dir = key;;) {
      const auto slash = dir.rfind('/');
      dir = slash == std::string_view::npos ? "" : dir.substr(0, slash);
      const std::string metadata = dir.empty() ? "_metadata" : std::string(dir) + "/_metadata";
      SF_TRY(auto row, db_->Get(Family::kFiles, FileKey(project, metadata)));
      if (row) {
        snapshot = std::string(project) + (dir.empty() ? "" : "/" + std::string(dir));
        break;
      }
      if (dir.empty()) break;
    }
    auto& snapshots = report_.damages[damage].snapshots;
    if (std::find(snapshots.begin(), snapshots.end(), snapshot) == snapshots.end() &&
        snapshots.size() < kMaxNamedFiles)
      snapshots.push_back(std::move(snapshot));
    return {};
  }

  Result<void> CheckUploads() {
    UploadHead head;
    auto check = [&](std::string_view key, std::string_view value) -> Result<bool> {
      if (key.size() == kUploadTokenBytes) {
        SF_TRY(head, DecodeUploadHead(value));
        return true;
      }
      SF_TRY(Stopped());
      SF_TRY(auto chunks, DecodeChunkList(value));
      for (const auto& id : chunks) {
        SF_TRY(auto place, FindChunk(*db_, head.project, id));
        if (place) continue;
        NameFile(AddDamage("an unfinished upload needs a chunk that is not in the store"),
                 head.project, head.key);
        break;
      }
      return true;
    };
    return db_->Scan(Family::kUploads, "", check);
  }

  Result<void> Stopped() const {
    if (!stop_.stop_requested()) return {};
    return Error(ErrorCode::kCancelled, "the check was stopped before its end");
  }

  StoreCore& core_;
  const bool deep_;
  const StoreProgress& progress_;
  const std::stop_token stop_;
  std::shared_ptr<IndexDb> db_;  // a newer view whenever a pack has vanished
  CheckReport report_;
  std::uint64_t total_bytes_ = 0, done_bytes_ = 0;
  std::unordered_map<PackId, std::uint64_t> rows_per_pack_;
  std::unordered_set<PackId> known_packs_;
  bool vanished_packs_ = false;  // in the view that is being looked at
  bool any_vanished_ = false;
  std::unordered_map<PackId, std::size_t> bad_packs_;             // -> damage
  std::map<std::string, std::vector<std::size_t>> bad_packs_of_;  // project -> damages
  std::unordered_map<std::string, std::size_t> bad_chunks_;       // ChunkKey -> damage
  std::unordered_map<std::uint64_t, std::size_t> bad_records_;    // RecordKey -> damage
  std::unordered_set<std::uint64_t> records_found_;               // RecordKeys
  std::unordered_map<std::uint64_t, std::uint64_t> tombstones_;   // RecordKey -> newest
  std::map<std::string, std::uint64_t> newer_than_index_;         // FileKey -> newest record
};

}  // namespace

Result<CheckReport> CheckStore(StoreCore& core, CheckLevel level, const StoreProgress& progress,
                               std::stop_token stop) {
  if (!core.options.read_only) {
    SF_TRY(core.Flush());
    // The index stays as it is for the length of the check; parts are accepted meanwhile.
    std::lock_guard one_at_a_time(core.flush_mutex);
    return Checker(core, level, progress, std::move(stop)).Run();
  }
  SF_TRY(core.RefreshView());
  return Checker(core, level, progress, std::move(stop)).Run();
}

}  // namespace stateferry::storage::managed
