#include "state/snapshot/relocation_plan.h"

#include <fmt/format.h>

#include <unordered_map>
#include <unordered_set>

#include "state/snapshot/merge_directories.h"
#include "state/snapshot/modified_utf8.h"
#include "state/snapshot/path_map.h"

namespace stateferry::state::snapshot {
namespace {

// The first version whose readers know relative handles is that of Flink 1.11.
constexpr std::int32_t kFirstVersionWithRelative = 3;

class Planner {
 public:
  explicit Planner(FlinkRelocation& relocation) : in_(relocation) {}

  Result<FlinkRelocationPlan> Run() {
    uses_.resize(in_.snapshots.size());
    for (std::size_t i = 0; i < in_.snapshots.size(); ++i) SF_TRY(Collect(i));
    if (in_.layout == Layout::kTree) {
      moved_.NameAsTree(in_.root);
    } else {
      moved_.NameFlat();
    }
    MergeDirectories directories(in_.map, in_.root, moved_);
    FlinkRelocationPlan plan;
    for (std::size_t i = 0; i < in_.snapshots.size(); ++i) {
      SF_TRY(DecideForms(i));
      SF_TRY(Patch(i, directories));
      SF_TRY(auto bytes, WriteFlinkMetadata(in_.snapshots[i].snapshot.metadata));
      plan.metadata.push_back({MetadataNameOf(i), std::move(bytes)});
      AddWarnings(i, plan.warnings);
    }
    SF_TRY(CheckNames(plan));
    for (const auto& [key, file] : moved_.all()) plan.files.push_back(file.Task());
    return plan;
  }

 private:
  /// What one snapshot makes of the files.
  struct Uses {
    /// The moved file of each handle, in the order of the walk.
    std::vector<MovedFile*> of_handle;
    std::unordered_set<const MovedFile*> absolute;
    bool has_relative = false;
  };

  bool is_tree() const { return in_.layout == Layout::kTree; }

  std::string DirectoryNameOf(std::size_t i) const {
    if (!is_tree()) return "";
    return storage::RelativeTo(in_.snapshots[i].snapshot.place.read_directory, in_.root);
  }
  std::string MetadataNameOf(std::size_t i) const {
    const std::string directory = DirectoryNameOf(i);
    return directory.empty() ? std::string(kMetadataName)
                             : directory + "/" + std::string(kMetadataName);
  }

  /// Finds the files behind the handles of one snapshot.
  Result<void> Collect(std::size_t i) {
    const SnapshotToMove& source = in_.snapshots[i];
    const HandleResolver resolver = source.snapshot.Resolver(in_.map);
    std::unordered_map<std::string, const SnapshotFile*> by_location;
    for (const SnapshotFile& file : source.files) by_location[LocationKey(file.location)] = &file;
    const auto collect = [&](const StreamHandle& handle,
                             const HandleContext& context) -> Result<void> {
      if (!NamesFile(handle.tag)) return {};
      SF_TRY(const HandleTarget target, resolver.Resolve(handle, context));
      const auto file = by_location.find(LocationKey(target.location));
      SF_ASSERT(file != by_location.end());
      auto moved = MovedFileOf(*file->second, handle, context);
      if (!moved) return std::move(moved).error().WithContext(DescribeHandle(context));
      uses_[i].of_handle.push_back(*moved);
      return {};
    };
    return VisitStreamHandles(source.snapshot.metadata, collect);
  }

  Result<MovedFile*> MovedFileOf(const SnapshotFile& source, const StreamHandle& handle,
                                 const HandleContext& context) {
    const bool is_segment = handle.tag == StreamTag::kSegment;
    if (is_segment && !context.sizes_exact)
      return Error(ErrorCode::kRefused,
                   "a changelog file inside a merged file is not known from any Flink, and its "
                   "length cannot be told");
    if (is_segment && !is_tree()) return moved_.Segment(source, handle);
    MovedFile& whole = moved_.Whole(source);
    if (!is_segment) whole.merged_only = false;
    return &whole;
  }

  /// Which files this snapshot refers to by absolute path: all handles of a file must agree, or
  /// Flink's registry takes one file for two.
  Result<void> DecideForms(std::size_t i) {
    Uses& uses = uses_[i];
    std::size_t next = 0;
    const auto decide = [&](const StreamHandle& handle,
                            const HandleContext& context) -> Result<void> {
      if (!NamesFile(handle.tag)) return {};
      const MovedFile* moved = uses.of_handle[next++];
      if (MustBeAbsolute(i, handle, context, *moved)) uses.absolute.insert(moved);
      return {};
    };
    return VisitStreamHandles(std::as_const(in_.snapshots[i].snapshot.metadata), decide);
  }

  bool MustBeAbsolute(std::size_t i, const StreamHandle& handle, const HandleContext& context,
                      const MovedFile& moved) const {
    if (in_.layout == Layout::kPortable) return false;
    // After CLAIM the next checkpoint repeats these handles.  A relative one would then be looked
    // for in that checkpoint's directory (FLINK-39964).
    if (context.list == HandleList::kShared || context.list == HandleList::kChanges ||
        context.materialized)
      return true;
    if (in_.layout == Layout::kAnchored)
      return handle.tag == StreamTag::kFile ||
             (handle.tag == StreamTag::kSegment && handle.scope == SegmentScope::kShared);
    if (handle.tag != StreamTag::kRelative) return true;
    // A file that was found elsewhere stays there, and is not below its snapshot's directory.
    const std::string directory = DirectoryNameOf(i);
    return !directory.empty() && !moved.to_name.starts_with(directory + "/");
  }

  Result<void> Patch(std::size_t i, MergeDirectories& directories) {
    FlinkMetadata& metadata = in_.snapshots[i].snapshot.metadata;
    std::size_t next = 0;
    SF_TRY(VisitStreamHandles(
        metadata, [&](StreamHandle& handle, const HandleContext& context) -> Result<void> {
          if (!NamesFile(handle.tag)) return {};
          auto patched = PatchHandle(i, handle, *uses_[i].of_handle[next++]);
          if (!patched) return std::move(patched).error().WithContext(DescribeHandle(context));
          return {};
        }));
    if (!is_tree()) return DropMergeDirectories(metadata);
    return directories.Rewrite(metadata, in_.target);
  }

  Result<void> PatchHandle(std::size_t i, StreamHandle& handle, const MovedFile& moved) {
    if (is_tree() && handle.tag == StreamTag::kSegment) {
      SF_TRY(handle.path, HandlePath(in_.target, moved.to_name));
      return {};
    }
    if (uses_[i].absolute.contains(&moved)) {
      SF_TRY(std::string path, HandlePath(in_.target, moved.to_name));
      handle = StreamHandle::File(std::move(path), handle.size_bytes);
      return {};
    }
    uses_[i].has_relative = true;
    std::string name = moved.to_name;
    const std::string directory = DirectoryNameOf(i);
    if (!directory.empty()) name.erase(0, directory.size() + 1);
    SF_TRY(std::string path, HandlePath("", name));
    handle = StreamHandle::Relative(std::move(path), handle.size_bytes);
    return {};
  }

  void AddWarnings(std::size_t i, std::vector<std::string>& warnings) const {
    const FlinkSnapshot& snapshot = in_.snapshots[i].snapshot;
    if (uses_[i].has_relative && snapshot.metadata.version < kFirstVersionWithRelative)
      warnings.push_back(fmt::format(
          "{} is of metadata version {}: the relocated snapshot has relative handles, which Flink "
          "reads since 1.11",
          snapshot.place.ReadFrom().ToString(), snapshot.metadata.version));
  }

  Result<void> CheckNames(const FlinkRelocationPlan& plan) const {
    std::unordered_set<std::string> names;
    for (const MovedMetadata& metadata : plan.metadata) names.insert(metadata.to_name);
    for (const auto& [key, file] : moved_.all())
      if (names.contains(file.to_name))
        return Error(ErrorCode::kRefused, "a handle names the metadata file " +
                                              file.read_from.ToString() +
                                              " as state, which no Flink writes");
    return {};
  }

  FlinkRelocation& in_;
  MovedFiles moved_;
  std::vector<Uses> uses_;
};

}  // namespace

Result<FlinkRelocationPlan> PlanFlinkRelocation(FlinkRelocation relocation) {
  SF_ASSERT(relocation.layout == Layout::kTree || relocation.snapshots.size() == 1);
  return Planner(relocation).Run();
}

}  // namespace stateferry::state::snapshot
