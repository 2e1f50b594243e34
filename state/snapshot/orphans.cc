#include <fmt/format.h>

#include <optional>
#include <unordered_map>

#include "state/snapshot/each_index.h"
#include "state/snapshot/flink_files.h"
#include "state/snapshot/flink_format.h"
#include "state/snapshot/job_id.h"
#include "state/snapshot/local_path.h"

namespace stateferry::state::snapshot {
namespace {

constexpr int kAttempts = 5;
constexpr std::size_t kReadsAtOnce = 8;

/// The files that the snapshots below a base name, by their names, which are random UUIDs.  Their
/// directories are no matter: the base may be the same place as another (a mount, a moved tree, a
/// symbolic link inside it), and a dangling relative handle (FLINK-39964) means a file of another
/// directory.
class References {
 public:
  explicit References(const storage::Location& base) : base_(base) {}

  Result<void> Add(const FlinkSnapshot& snapshot) {
    SF_TRY(const auto files, FilesOf(snapshot.metadata, snapshot.Resolver({})));
    for (const SnapshotFile& file : files)
      is_elsewhere_[file.location.Name()] |= !storage::IsWithin(file.location, base_);
    return {};
  }

  bool Has(const storage::Location& at) const { return is_elsewhere_.contains(at.Name()); }
  /// Whether a snapshot names a file of this name at a place outside the base.
  bool IsNamedFromElsewhere(const storage::Location& at) const {
    const auto found = is_elsewhere_.find(at.Name());
    return found != is_elsewhere_.end() && found->second;
  }

 private:
  const storage::Location& base_;
  std::unordered_map<std::string, bool> is_elsewhere_;
};

/// Files of a ForSt database in use: `shared/op_..._attempt_N/db/...`.  Those that no checkpoint
/// names yet belong to a job that may be running.
bool IsForStWorkingFile(const storage::Location& at) {
  const std::string& path = at.path;
  const std::size_t op = path.find("/op_");
  if (op == std::string::npos) return false;
  const std::size_t attempt = path.find("_attempt_", op);
  return attempt != std::string::npos && path.find("/db/", attempt) != std::string::npos;
}

/// Whether symbolic links lead from the base to a local file.
bool IsBehindLink(const storage::Location& at, const storage::Location& base) {
  return Resolved(at) != Resolved(base).Child(storage::RelativeTo(at, base));
}

/// Where snapshots may lie that need files below `base`: beside the job that it belongs to.
storage::Location NeighbourhoodOf(const storage::Location& base) {
  for (storage::Location up = base; !up.Name().empty(); up = up.Parent())
    if (IsJobId(up.Name())) return up.Parent();
  return base;
}

/// Whether a directory from `base` down to the file is one in which Flink keeps state.
bool IsAmongState(storage::Location at, const storage::Location& base) {
  while (at != base) {
    at = at.Parent();
    const std::string name = at.Name();
    if (name == "shared" || name == "taskowned" || name == "dstl" || name.starts_with("chk-") ||
        name.starts_with("savepoint-"))
      return true;
  }
  return false;
}

Error NotKnown(const MetadataPlace& place, const Error& why) {
  const std::string text =
      fmt::format("{} cannot be read, so it is not known which files it needs: {}",
                  place.ReadFrom().ToString(), why.message());
  // Only what is wrong with the snapshot itself is no matter for whoever may read it.
  const bool is_bad = why.code() == ErrorCode::kCorruption || why.code() == ErrorCode::kRefused;
  if (!is_bad) return Error(why.code(), text);
  return Error(ErrorCode::kRefused, text).WithHint("remove that snapshot first if it is of no use");
}

/// Reads all snapshots.  None: one of them went away meanwhile, as a running job deletes its own.
Result<std::optional<References>> TryReadReferences(SourceObjects& objects,
                                                    const storage::Location& base,
                                                    std::uint64_t& snapshots) {
  SF_TRY(const auto found, FindAllMetadata(objects, NeighbourhoodOf(base)));
  References references(base);
  snapshots = 0;
  for (const MetadataPlace& place : found) {
    if (storage::IsWithin(place.directory, base)) ++snapshots;
    auto snapshot = ReadFlinkSnapshot(objects, place);
    if (!snapshot && snapshot.error().code() == ErrorCode::kNotFound)
      return std::optional<References>();
    auto added = snapshot ? references.Add(*snapshot) : Result<void>(snapshot.error());
    if (!added) return NotKnown(place, added.error());
  }
  if (snapshots > 0) return std::optional(std::move(references));
  return Error(ErrorCode::kRefused,
               fmt::format("there is no {} below {}: everything there would count as an orphan",
                           kMetadataName, base.ToString()))
      .WithHint("name the directory that holds chk-N, shared and taskowned");
}

Result<References> ReadReferences(SourceObjects& objects, const storage::Location& base,
                                  std::uint64_t& snapshots) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    SF_TRY(auto references, TryReadReferences(objects, base, snapshots));
    if (references) return std::move(*references);
  }
  return Error(ErrorCode::kConflict, "snapshots below " + base.ToString() +
                                         " come and go too fast to say what they need");
}

/// The files that metadata under another name needs would all count as orphans.
Result<void> CheckNoneIsMetadata(SourceObjects& objects, const std::vector<Orphan>& orphans,
                                 std::stop_token stop) {
  return ForEachIndex(
      orphans.size(), kReadsAtOnce, std::move(stop), [&](std::size_t i) -> Result<void> {
        const storage::Location& at = orphans[i].location;
        const auto is_metadata = BeginsLikeMetadata(objects, at);
        if (!is_metadata && is_metadata.error().code() == ErrorCode::kNotFound) return {};
        if (!is_metadata)
          return is_metadata.error().WithContext("looking whether it is a snapshot's metadata");
        if (!*is_metadata) return {};
        return Error(ErrorCode::kRefused, fmt::format("{} is the metadata of a snapshot: without "
                                                      "the name {} what it needs is not known",
                                                      at.ToString(), kMetadataName))
            .WithHint("give it that name in a directory of its own, or remove it");
      });
}

}  // namespace

Result<OrphanReport> FindOrphans(storage::Places& places, const storage::Location& base,
                                 std::int64_t now_ns, std::int64_t min_age_ns,
                                 std::stop_token stop) {
  SourceObjects objects(places);
  OrphanReport report;
  SF_TRY(const References references, ReadReferences(objects, base, report.snapshots));
  std::uint64_t from_elsewhere = 0, working_files = 0;
  SF_TRY(objects.List(
      base, "", [&](const storage::Location& at, const storage::ObjectMeta& meta) -> Result<void> {
        if (stop.stop_requested()) return Error(ErrorCode::kCancelled, "stopped on request");
        if (at.Name() == kMetadataName) return {};
        if (references.Has(at)) {
          ++report.referenced_files;
          if (references.IsNamedFromElsewhere(at)) ++from_elsewhere;
          return {};
        }
        // It has another name below the base, by which it is judged too.
        if (IsBehindLink(at, base)) return {};
        if (IsForStWorkingFile(at)) {
          ++working_files;
          return {};
        }
        // An unknown time, or one in the future, is no proof of age.
        const bool old_enough =
            meta.mtime_ns > 0 && meta.mtime_ns <= now_ns && now_ns - meta.mtime_ns >= min_age_ns;
        report.orphans.push_back(
            {at, meta.size_bytes, meta.mtime_ns, old_enough, IsAmongState(at, base)});
        return {};
      }));
  SF_TRY(CheckNoneIsMetadata(objects, report.orphans, std::move(stop)));
  if (from_elsewhere > 0)
    report.warnings.push_back(
        fmt::format("{} files count as needed because snapshots name files of the same name at "
                    "another place: this may be a moved or mounted tree",
                    from_elsewhere));
  if (working_files > 0)
    report.warnings.push_back(
        fmt::format("{} working files of ForSt databases are left alone: a running job needs them "
                    "before any checkpoint names them",
                    working_files));
  return report;
}

}  // namespace stateferry::state::snapshot
