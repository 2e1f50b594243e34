// Reads a store and says what is wrong with it.

#include <algorithm>
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
    SF_TRY(CountChunkRows());
    SF_TRY(CheckPacks());
    SF_TRY(CheckUnknownPacks());
    SF_TRY(CheckFiles());
    SF_TRY(CheckUploads());
    return std::move(report_);
  }

 private:
  std::size_t AddDamage(std::string what) {
    report_.damages.push_back({std::move(what), {}, {}});
    return report_.damages.size() - 1;
  }

  Result<void> CountChunkRows() {
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
    auto note = [&](const PackId& id, const PackRow& row) -> Result<void> {
      if (row.state != PackState::kSealed) return {};
      packs.emplace_back(id, row);
      total_bytes_ += row.size_bytes;
      return {};
    };
    SF_TRY(ScanPacks(*db_, note));
    for (const auto& [id, row] : packs) {
      SF_TRY(Stopped());
      ++report_.packs;
      known_packs_.insert(id);
      const std::string path = core_.layout.PackPath(row.project, id);
      if (auto checked = CheckPack(id, row, path); !checked)
        bad_packs_[id] = AddDamage("pack " + path + ": " + checked.error().message());
      done_bytes_ += row.size_bytes;
      if (progress_) progress_(done_bytes_, total_bytes_);
    }
    for (const auto& [id, count] : rows_per_pack_)
      if (!known_packs_.contains(id))
        bad_packs_[id] = AddDamage("the index names " + std::to_string(count) + " chunks in pack " +
                                   id.ToHex() + ", which it does not list");
    return {};
  }

  /// An error means that the pack as a whole cannot be trusted.
  Result<void> CheckPack(const PackId& id, const PackRow& row, const std::string& path) {
    SF_TRY(auto file, core_.io.Open(path, OpenMode::kRead));
    SF_TRY(auto pack, ReadPack(file));
    if (pack.header.store_id != core_.meta.id || pack.header.pack_id != id ||
        pack.header.project != row.project)
      return Error(ErrorCode::kCorruption, "its header names another store, pack or project");
    if (pack.size_bytes != row.size_bytes || pack.entries.size() != row.entries)
      return Error(ErrorCode::kCorruption, "its length or entry count differs from the index");
    SF_TRY(CompareWithIndex(id, row.project, pack));
    if (!deep_) return {};
    Bytes plain;
    auto unzip = core_.decompressors.Take();
    auto verify = [&](const PackEntry& entry, ByteSpan stored) -> Result<void> {
      report_.bytes_read += stored.size();
      if (auto verified = VerifyEntry(entry, stored, *unzip, plain); !verified) {
        NoteBadEntry(row.project, path, entry, verified.error().message());
        return {};
      }
      if (entry.kind == EntryKind::kFileRecord) return CompareRecord(row.project, path, stored);
      return {};
    };
    return ScanEntries(file, pack.entries, verify);
  }

  Result<void> CompareWithIndex(const PackId& id, const std::string& project,
                                const PackContents& pack) {
    std::uint64_t matched = 0;
    for (const auto& entry : pack.entries) {
      if (entry.kind != EntryKind::kChunk) continue;
      SF_TRY(auto place, FindChunk(*db_, project, entry.chunk_id()));
      if (!place)
        return Error(ErrorCode::kCorruption, "the index does not know its chunk at offset " +
                                                 std::to_string(entry.offset) +
                                                 "; run: stateferry store rebuild-index");
      if (*place == PlaceOf(id, entry)) ++matched;
    }
    const auto rows = rows_per_pack_.find(id);
    if (matched != (rows == rows_per_pack_.end() ? 0 : rows->second))
      return Error(ErrorCode::kCorruption,
                   "the index names chunks in it that its footer does not; run: stateferry store "
                   "rebuild-index");
    return {};
  }

  void NoteBadEntry(const std::string& project, const std::string& path, const PackEntry& entry,
                    const std::string& why) {
    const char* kind = entry.kind == EntryKind::kChunk        ? "chunk"
                       : entry.kind == EntryKind::kFileRecord ? "file record"
                                                              : "tombstone";
    const auto damage = AddDamage("pack " + path + ": " + kind + " at offset " +
                                  std::to_string(entry.offset) + ": " + why);
    if (entry.kind == EntryKind::kChunk)
      bad_chunks_[ChunkKey(project, entry.chunk_id())] = damage;
    else
      bad_records_[project + std::string(1, '\0') + std::string(entry.hash.raw())] = damage;
  }

  Result<void> CompareRecord(const std::string& project, const std::string& path, ByteSpan stored) {
    auto record = DecodeFileRecord(AsText(stored));
    if (!record) {
      AddDamage("pack " + path + ": " + record.error().message());
      return {};
    }
    const std::string file_key = FileKey(project, record->key);
    SF_TRY(auto row, db_->Get(Family::kFiles, file_key));
    if (!row) return {};
    SF_TRY(auto head, DecodeFileRecordHead(*row));
    if (head.sequence != record->sequence) return {};
    if (*row != AsText(stored))
      AddDamage("pack " + path + ": the record of " + project + "/" + record->key +
                " differs from the index");
    records_found_.insert(Xxh3_64(AsBytes(file_key)));
    return {};
  }

  /// Files under packs/ that the index does not name: a crash may leave whole ones, which the next
  /// writer takes in; broken ones are damage.
  Result<void> CheckUnknownPacks() {
    SF_TRY(auto files, ListPackFiles(core_.io, core_.layout));
    for (const auto& found : files) {
      if (known_packs_.contains(found.id)) continue;
      auto file = core_.io.Open(found.path, OpenMode::kRead);
      if (!file) continue;  // a writer removed it in between
      if (auto pack = ReadPack(*file); !pack)
        AddDamage("pack outside the index: " + pack.error().message());
    }
    return {};
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
      const auto bad_record = bad_records_.find(std::string(project) + std::string(1, '\0') +
                                                std::string(Xxh3_128(AsBytes(key)).raw()));
      if (bad_record != bad_records_.end())
        damages.insert(bad_record->second);
      else if (deep_ && bad_packs_.empty() && !records_found_.contains(Xxh3_64(AsBytes(row))))
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
  const std::shared_ptr<IndexDb> db_;
  CheckReport report_;
  std::uint64_t total_bytes_ = 0, done_bytes_ = 0;
  std::unordered_map<PackId, std::uint64_t> rows_per_pack_;
  std::unordered_set<PackId> known_packs_;
  std::unordered_map<PackId, std::size_t> bad_packs_;         // -> damage
  std::unordered_map<std::string, std::size_t> bad_chunks_;   // ChunkKey -> damage
  std::unordered_map<std::string, std::size_t> bad_records_;  // project NUL key hash -> damage
  std::unordered_set<std::uint64_t> records_found_;           // hashes of FileKeys
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
  SF_TRY(auto report, Checker(core, level, progress, stop).Run());
  if (report.damages.empty()) return report;
  // A gc of the writer beside us may have moved chunks since the view was taken.
  SF_TRY(core.RefreshView());
  return Checker(core, level, progress, std::move(stop)).Run();
}

}  // namespace stateferry::storage::managed
