#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "state/snapshot/flink_files.h"
#include "state/snapshot/path_map.h"

namespace stateferry::state::snapshot {
namespace {

constexpr std::size_t kNamesShown = 3;

class DanglingSearch {
 public:
  DanglingSearch(SourceObjects& objects, const MetadataPlace& place, const PathMap& map)
      : objects_(objects), place_(place), map_(map) {}

  Result<void> Run(std::vector<SnapshotFile>& files) {
    for (SnapshotFile& file : files) {
      if (file.kind != FileKind::kRelative || file.exists.value_or(true)) continue;
      if (file.problem != "missing") continue;
      ++dangling_;
      if (names_.size() < kNamesShown) names_.push_back(file.location.Name());
      SF_TRY(LookInKnownPlaces(file));
      if (!file.repaired) by_name_[file.location.Name()].push_back(&file);
    }
    if (!by_name_.empty()) SF_TRY(LookInSiblings());
    return {};
  }

  void AddWarnings(std::vector<std::string>& warnings) const {
    if (dangling_ == 0) return;
    std::string text = fmt::format(
        "{}: {} that {} names relative to its own directory {} not there ({}{}); FLINK-39964: "
        "Flink writes such handles when a job goes on from a snapshot with relative shared files, "
        "and cannot restore them",
        place_.read_directory.ToString(),
        dangling_ == 1 ? "a file" : fmt::format("{} files", dangling_), place_.metadata_name,
        dangling_ == 1 ? "is" : "are", fmt::format("{}", fmt::join(names_, ", ")),
        dangling_ > names_.size() ? ", ..." : "");
    for (const auto& [where, count] : found_in_)
      text += fmt::format("; {} found in {}", count, where);
    if (repaired_ < dangling_)
      text += fmt::format(
          "; {} not found: name the snapshot that the job was restored from with --map {}=DIR",
          dangling_ - repaired_, place_.read_directory.ToString());
    else
      text += ": read from there";
    warnings.push_back(std::move(text));
  }

 private:
  Result<void> LookInKnownPlaces(SnapshotFile& file) {
    const std::string name = storage::RelativeTo(file.location, place_.directory);
    std::vector<storage::Location> candidates = {ApplyMap(map_, file.location)};
    for (const auto& [old_place, new_place] : map_) candidates.push_back(new_place.Child(name));
    for (const char* beside : {"shared", "taskowned"})
      candidates.push_back(place_.read_directory.Parent().Child(beside).Child(name));
    for (const storage::Location& candidate : candidates) {
      if (candidate == file.read_from) continue;
      auto meta = objects_.Find(candidate);
      // A place that cannot be read is no place where it was found; the file stays missing.
      if (meta && *meta) Take(file, candidate, **meta);
      if (file.repaired) break;
    }
    return {};
  }

  /// Savepoints and checkpoints lie beside each other, and their own files are few: one listing of
  /// them finds all that is missing.
  Result<void> LookInSiblings() {
    const storage::Location parent = place_.read_directory.Parent();
    for (const char* prefix : {"chk-", "savepoint-"}) {
      SF_TRY(objects_.List(parent, prefix,
                           [&](const storage::Location& at, const storage::ObjectMeta& meta) {
                             Offer(at, meta);
                             return Result<void>();
                           }));
    }
    return {};
  }

  void Offer(const storage::Location& at, const storage::ObjectMeta& meta) {
    const auto wanted = by_name_.find(at.Name());
    if (wanted == by_name_.end()) return;
    for (SnapshotFile* file : wanted->second)
      if (!file->repaired) Take(*file, at, meta);
  }

  void Take(SnapshotFile& file, const storage::Location& at, const storage::ObjectMeta& meta) {
    // Names are random UUIDs; the size is a second witness where it is known.
    if (file.size_exact && meta.size_bytes != file.size_bytes) return;
    file.repaired = true;
    file.read_from = at;
    file.size_bytes = meta.size_bytes;
    file.etag = meta.etag;
    file.problem = "dangling (FLINK-39964): found in " + at.Parent().ToString();
    ++repaired_;
    ++found_in_[at.Parent().ToString()];
  }

  SourceObjects& objects_;
  const MetadataPlace& place_;
  const PathMap& map_;
  std::map<std::string, std::vector<SnapshotFile*>> by_name_;
  std::map<std::string, std::size_t> found_in_;
  std::vector<std::string> names_;
  std::size_t dangling_ = 0, repaired_ = 0;
};

}  // namespace

Result<void> FindDangling(SourceObjects& objects, const MetadataPlace& place, const PathMap& map,
                          std::vector<SnapshotFile>& files, std::vector<std::string>& warnings) {
  DanglingSearch search(objects, place, map);
  SF_TRY(search.Run(files));
  search.AddWarnings(warnings);
  return {};
}

}  // namespace stateferry::state::snapshot
