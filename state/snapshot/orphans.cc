#include <fmt/format.h>

#include <unordered_set>

#include "state/snapshot/flink_files.h"
#include "state/snapshot/flink_format.h"
#include "state/snapshot/path_map.h"

namespace stateferry::state::snapshot {
namespace {

/// What the snapshots below a base name.
class References {
 public:
  explicit References(const storage::Location& base) : base_(base) {}

  Result<void> Add(const FlinkSnapshot& snapshot) {
    SF_TRY(const auto files, FilesOf(snapshot.metadata, snapshot.Resolver({})));
    for (const SnapshotFile& file : files) {
      keys_.insert(LocationKey(file.location));
      if (!storage::IsWithin(file.location, base_))
        names_from_elsewhere_.insert(file.location.Name());
      // A dangling relative handle (FLINK-39964) means a file of another directory.
      if (file.kind == FileKind::kRelative) relative_names_.insert(file.location.Name());
    }
    return {};
  }

  bool Has(const storage::Location& at) const {
    return keys_.contains(LocationKey(at)) || IsNamedFromElsewhere(at) ||
           relative_names_.contains(at.Name());
  }
  /// The base may be the same directory under another name (a mount, a moved tree): a file of the
  /// same name, which is a random UUID, may be the one that is meant.
  bool IsNamedFromElsewhere(const storage::Location& at) const {
    return names_from_elsewhere_.contains(at.Name());
  }

 private:
  const storage::Location& base_;
  std::unordered_set<std::string> keys_, names_from_elsewhere_, relative_names_;
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

Result<References> ReadReferences(SourceObjects& objects, const storage::Location& base,
                                  const std::vector<MetadataPlace>& found) {
  References references(base);
  for (const MetadataPlace& place : found) {
    auto snapshot = ReadFlinkSnapshot(objects, place);
    auto added = snapshot ? references.Add(*snapshot) : Result<void>(snapshot.error());
    if (!added)
      return Error(ErrorCode::kRefused,
                   fmt::format("{} cannot be read, so it is not known which files it needs: {}",
                               place.ReadFrom().ToString(), added.error().message()))
          .WithHint("remove that snapshot first if it is of no use");
  }
  return references;
}

}  // namespace

Result<OrphanReport> FindOrphans(storage::Places& places, const storage::Location& base,
                                 std::int64_t now_ns, std::int64_t min_age_ns) {
  SourceObjects objects(places);
  SF_TRY(const auto found, FindAllMetadata(objects, base));
  if (found.empty())
    return Error(ErrorCode::kRefused,
                 fmt::format("there is no {} below {}: everything there would count as an orphan",
                             kMetadataName, base.ToString()))
        .WithHint("name the directory that holds chk-N, shared and taskowned");
  SF_TRY(const References references, ReadReferences(objects, base, found));
  OrphanReport report;
  report.snapshots = found.size();
  std::uint64_t from_elsewhere = 0, working_files = 0;
  SF_TRY(objects.List(
      base, "", [&](const storage::Location& at, const storage::ObjectMeta& meta) -> Result<void> {
        if (at.Name() == kMetadataName) return {};
        if (references.Has(at)) {
          ++report.referenced_files;
          if (references.IsNamedFromElsewhere(at)) ++from_elsewhere;
          return {};
        }
        if (IsForStWorkingFile(at)) {
          ++working_files;
          return {};
        }
        // An unknown time, or one in the future, is no proof of age.
        const bool old_enough =
            meta.mtime_ns > 0 && meta.mtime_ns <= now_ns && now_ns - meta.mtime_ns >= min_age_ns;
        report.orphans.push_back({at, meta.size_bytes, meta.mtime_ns, old_enough});
        return {};
      }));
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
