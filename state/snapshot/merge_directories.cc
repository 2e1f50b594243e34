#include "state/snapshot/merge_directories.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "state/snapshot/flink_source.h"
#include "state/snapshot/handle_location.h"
#include "state/snapshot/path_map.h"

namespace stateferry::state::snapshot {

Result<void> DropMergeDirectories(FlinkMetadata& metadata) {
  return VisitOperatorStates(
      metadata, [](Box<OperatorStateHandle>& handle, const HandleContext& context) -> Result<void> {
        if (handle->tag != OperatorStateTag::kFileMerging) return {};
        if (handle->stream.tag == StreamTag::kEmptySegment) {
          for (const NamedState& state : handle->states)
            if (!state.offsets.empty())
              return Error(ErrorCode::kCorruption, DescribeHandle(context) +
                                                       ": there are state entries and no bytes "
                                                       "that hold them");
          handle.reset();
          return {};
        }
        handle->tag = OperatorStateTag::kPartitionable;
        handle->task_owned_directory.clear();
        handle->shared_directory.clear();
        handle->empty = 0;
        return {};
      });
}

namespace {

/// Whether a directory is one of those that Flink, or we, make for merged files alone.
bool IsMergeDirectoryName(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return name.starts_with("job_") || name.starts_with("external-") || name.starts_with("merged-");
}

}  // namespace

MergeDirectories::MergeDirectories(const PathMap& map, const storage::Location& root,
                                   const MovedFiles& moved)
    : map_(map), root_(root) {
  for (const auto& [key, file] : moved.all()) {
    const std::size_t slash = file.to_name.rfind('/');
    if (slash == std::string::npos) continue;
    const std::string directory = file.to_name.substr(0, slash);
    moved_[LocationKey(file.read_from.Parent())] = directory;
    content_[directory].merged_only &= file.merged_only;
    for (std::size_t end = directory.rfind('/'); end != std::string::npos;
         end = directory.rfind('/', end - 1)) {
      content_[directory.substr(0, end)].merged_only = false;
      if (end == 0) break;
    }
  }
}

std::optional<std::string> MergeDirectories::InTree(const storage::Location& place) const {
  std::string name;
  if (const auto found = moved_.find(LocationKey(place)); found != moved_.end()) {
    name = found->second;
  } else if (storage::IsWithin(place, root_)) {
    name = storage::RelativeTo(place, root_);
  }
  if (!IsMergeDirectoryName(name)) return std::nullopt;
  const auto content = content_.find(name);
  if (content != content_.end() && !content->second.merged_only) return std::nullopt;
  return name;
}

std::string MergeDirectories::FreshName(std::string_view old_path) const {
  const std::string source = LocationKey(root_) + '\0' + std::string(old_path);
  const std::string wanted = fmt::format("merged-{:016x}", Xxh3_64(AsBytes(source)));
  std::string name = wanted;
  for (int n = 2; content_.contains(name); ++n) name = fmt::format("{}-{}", wanted, n);
  return name;
}

std::string MergeDirectories::NewName(const std::string& old_path) {
  const auto old_place = LocationOfHandlePath(old_path);
  // Nobody will read there; a path that makes no sense is replaced like any other.
  if (!old_place) return FreshName(old_path);
  const storage::Location place = ApplyMap(map_, *old_place);
  std::string& name = names_[LocationKey(place)];
  if (name.empty()) {
    const auto in_tree = InTree(place);
    name = in_tree ? *in_tree : FreshName(LocationKey(place));
  }
  return name;
}

Result<void> MergeDirectories::Rewrite(FlinkMetadata& metadata, const std::string& target) {
  return VisitOperatorStates(
      metadata, [&](Box<OperatorStateHandle>& handle, const HandleContext&) -> Result<void> {
        if (handle->tag != OperatorStateTag::kFileMerging) return {};
        for (std::string* path : {&handle->task_owned_directory, &handle->shared_directory}) {
          SF_TRY(*path, HandlePath(target, NewName(*path)));
        }
        return {};
      });
}

}  // namespace stateferry::state::snapshot
