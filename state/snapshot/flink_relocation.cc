#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "state/snapshot/flink_files.h"
#include "state/snapshot/flink_format.h"
#include "state/snapshot/flink_path.h"
#include "state/snapshot/path_map.h"
#include "state/snapshot/relocation_plan.h"

namespace stateferry::state::snapshot {
namespace {

/// The first file without usable bytes, as an error.
Result<void> CheckAllThere(const MetadataPlace& place, const std::vector<SnapshotFile>& files) {
  const SnapshotFile* first = nullptr;
  std::size_t bad = 0;
  for (const SnapshotFile& file : files) {
    if (file.problem.empty() || file.repaired) continue;
    if (first == nullptr) first = &file;
    ++bad;
  }
  if (first == nullptr) return {};
  const bool missing = first->problem == "missing";
  const bool unreadable = first->problem.starts_with("unreadable");
  std::string text = fmt::format("{} is not whole: {} is {}", place.ReadFrom().ToString(),
                                 first->read_from.ToString(), first->problem);
  if (bad > 1) text += fmt::format("; {} more of its files are not good", bad - 1);
  const ErrorCode code = missing      ? ErrorCode::kNotFound
                         : unreadable ? first->unreadable_code.value_or(ErrorCode::kPermission)
                                      : ErrorCode::kCorruption;
  return Error(code, std::move(text))
      .WithHint(missing || unreadable
                    ? "if the files were moved, say where they are with --map OLD=NEW; `inspect "
                      "--files` shows all of them"
                    : "`inspect --files` shows all of them");
}

Result<SnapshotToMove> Load(SourceObjects& objects, const MetadataPlace& place, const PathMap& map,
                            const std::stop_token& stop, std::vector<std::string>& warnings) {
  SF_TRY(FlinkSnapshot snapshot, ReadFlinkSnapshot(objects, place));
  SF_TRY(auto files, FilesOf(snapshot.metadata, snapshot.Resolver(map)));
  SF_TRY(LookAtFiles(objects, files, stop));
  SF_TRY(FindDangling(objects, place, map, files, warnings));
  SF_TRY(CheckAllThere(place, files));
  for (const std::string& warning : snapshot.metadata.warnings)
    warnings.push_back(place.ReadFrom().ToString() + ": " + warning);
  return SnapshotToMove{std::move(snapshot), std::move(files)};
}

/// The snapshots that the request means, and for kTree the root that they lie below.
struct Sources {
  std::vector<MetadataPlace> places;
  storage::Location root;
  std::vector<storage::Location> read_roots;  ///< RelocationPlan::read_roots
};

Result<Sources> FindSources(SourceObjects& objects, const RelocateRequest& request, Layout layout) {
  Sources sources;
  SF_TRY(const auto found, FindMetadata(objects, request.from, request.map));
  if (found) {
    sources.places.push_back(*found);
    sources.root = found->read_directory.Parent();
    sources.read_roots = {found->read_directory};
    return sources;
  }
  if (layout != Layout::kTree)
    return Error(ErrorCode::kNotFound,
                 fmt::format("there is no {} in {}", kMetadataName, request.from.ToString()));
  sources.root = ApplyMap(request.map, request.from);
  // All of it: a copy inside would be found as a source the next time.
  sources.read_roots = {sources.root};
  SF_TRY(sources.places, FindAllMetadata(objects, sources.root));
  if (sources.places.empty())
    return Error(ErrorCode::kNotFound, fmt::format("there is no {} in or below {}", kMetadataName,
                                                   sources.root.ToString()));
  return sources;
}

/// The directories that the files of a snapshot are read from, and those of file merging, which
/// Flink deletes recursively.
void AddDirectories(const SnapshotToMove& source, const PathMap& map,
                    std::map<std::string, storage::Location>& directories) {
  const auto add = [&](const storage::Location& place) {
    directories.try_emplace(LocationKey(place), place);
  };
  for (const SnapshotFile& file : source.files) add(file.read_from.Parent());
  (void)VisitOperatorStates(
      source.snapshot.metadata,
      [&](const OperatorStateHandle& handle, const HandleContext&) -> Result<void> {
        if (handle.tag != OperatorStateTag::kFileMerging) return {};
        for (const std::string& path : {handle.task_owned_directory, handle.shared_directory})
          // What names no place cannot hold the destination.
          if (const auto place = LocationOfHandlePath(path)) add(ApplyMap(map, *place));
        return {};
      });
}

/// Where Flink will find the destination.
storage::Location TargetOf(const RelocateRequest& request) {
  return request.restore_at ? *request.restore_at : request.to;
}

/// Whether Flink will look where the files are put.
Result<void> CheckFlinkCanRead(const RelocateRequest& request, Layout layout) {
  // Flink never sees managed storage; a portable snapshot does not say where it is.
  if (storage::IsManaged(request.to) && !request.restore_at && layout == Layout::kPortable)
    return {};
  const storage::Location target = TargetOf(request);
  const std::string uri = FlinkUri(target);
  SF_TRY(const FlinkPath read, ParseFlinkPath(uri));
  if (read.path != target.path || read.authority != target.authority)
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("Flink reads the destination {} as {}, which is another place",
                             target.ToString(), PrintablePath(read.Text())))
        .WithHint("choose a destination without backslashes, and without blanks at its end");
  SF_TRY(HandlePath(uri, ""));
  SF_TRY(LocationOfHandlePath(uri));
  return {};
}

}  // namespace

Result<RelocationPlan> PlanFlink(storage::Places& places, const RelocateRequest& request,
                                 Layout layout, std::stop_token stop) {
  SF_TRY(CheckFlinkCanRead(request, layout));
  SourceObjects objects(places);
  SF_TRY(const Sources sources, FindSources(objects, request, layout));
  RelocationPlan plan;
  FlinkRelocation relocation;
  for (const MetadataPlace& place : sources.places) {
    SF_TRY(auto loaded, Load(objects, place, request.map, stop, plan.warnings));
    relocation.snapshots.push_back(std::move(loaded));
  }
  // The newest comes last: it is what a job goes on from.
  std::stable_sort(relocation.snapshots.begin(), relocation.snapshots.end(),
                   [](const SnapshotToMove& a, const SnapshotToMove& b) {
                     return a.snapshot.metadata.checkpoint_id < b.snapshot.metadata.checkpoint_id;
                   });
  plan.read_roots = sources.read_roots;
  std::map<std::string, storage::Location> directories;
  for (const SnapshotToMove& source : relocation.snapshots)
    AddDirectories(source, request.map, directories);
  for (const auto& [key, directory] : directories) plan.read_directories.push_back(directory);
  for (const SnapshotToMove& source : relocation.snapshots)
    plan.snapshot_names.push_back(
        layout == Layout::kTree
            ? storage::RelativeTo(source.snapshot.place.read_directory, sources.root)
            : "");
  relocation.map = request.map;
  relocation.layout = layout;
  relocation.root = sources.root;
  relocation.target = FlinkUri(TargetOf(request));
  SF_TRY(auto moved, PlanFlinkRelocation(std::move(relocation)));
  plan.warnings.insert(plan.warnings.end(), moved.warnings.begin(), moved.warnings.end());
  if (storage::IsManaged(request.to) && !request.restore_at && layout != Layout::kPortable)
    plan.warnings.push_back(
        "the metadata names files in managed storage, which Flink cannot read: relocate it from "
        "there, or say with --restore-at where Flink will see it");
  plan.list = [all = std::make_shared<FlinkRelocationPlan>(std::move(moved))](
                  const transfer::FileVisitor& file, const LastVisitor& last) -> Result<void> {
    for (const transfer::FileTask& task : all->files) SF_TRY(file(task));
    for (const MovedMetadata& metadata : all->metadata)
      SF_TRY(last(
          {.to_name = metadata.to_name, .bytes = metadata.bytes, .copy_from = {}, .etag = {}}));
    return {};
  };
  return plan;
}

Result<void> CheckMovedFlink(storage::Places& places, const RelocateRequest& request,
                             const std::vector<LastObject>& last, std::stop_token stop) {
  SourceObjects objects(places);
  // What Flink will call the destination is read where it was written.
  SF_TRY(const storage::Location target, LocationOfHandlePath(FlinkUri(TargetOf(request))));
  const PathMap map = {{target, request.to}};
  for (const LastObject& object : last) {
    const storage::Location at = request.to.Child(object.to_name);
    const auto wrong = [&](std::string_view what) {
      return Error(ErrorCode::kCorruption,
                   fmt::format("{} was not written, because {}", at.ToString(), what));
    };
    SF_TRY(const FlinkMetadata metadata, ReadFlinkMetadata(AsBytes(*object.bytes)));
    const HandleResolver resolver(at.Parent(), at.Parent(), map);
    SF_TRY(auto files, FilesOf(metadata, resolver));
    SF_TRY(LookAtFiles(objects, files, stop));
    for (const SnapshotFile& file : files) {
      if (!storage::IsWithin(file.read_from, request.to))
        return wrong(file.read_from.ToString() + " is outside the destination");
      if (!file.problem.empty())
        return wrong(file.read_from.ToString() + " is " + file.problem + " after the transfer");
    }
  }
  return {};
}

}  // namespace stateferry::state::snapshot
