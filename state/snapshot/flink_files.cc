#include "state/snapshot/flink_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "state/snapshot/path_map.h"

namespace stateferry::state::snapshot {
namespace {

/// What one handle says about the size of its file.
struct SizeClaim {
  std::uint64_t bytes = 0;
  bool exact = false;
};

Result<SizeClaim> ClaimOf(const StreamHandle& handle, const HandleContext& context) {
  if (handle.size_bytes < 0 || !context.sizes_exact) return SizeClaim{};
  const auto size = static_cast<std::uint64_t>(handle.size_bytes);
  if (handle.tag != StreamTag::kSegment) return SizeClaim{size, true};
  if (handle.start < 0)
    return Error(ErrorCode::kCorruption,
                 DescribeHandle(context) + ": a segment starts before its file");
  // Both are below 2^63, so the sum is exact.
  return SizeClaim{static_cast<std::uint64_t>(handle.start) + size, false};
}

void Merge(SnapshotFile& file, const SizeClaim& claim) {
  if (claim.exact && file.size_exact && claim.bytes != file.size_bytes) {
    file.problem = fmt::format("its handles disagree about its size: {} and {} bytes",
                               file.size_bytes, claim.bytes);
  } else if (claim.exact && !file.size_exact) {
    file.size_exact = true;
    file.size_bytes = claim.bytes;
  } else if (!file.size_exact) {
    file.size_bytes = std::max(file.size_bytes, claim.bytes);
  }
}

}  // namespace

Result<std::vector<SnapshotFile>> FilesOf(const FlinkMetadata& metadata,
                                          const HandleResolver& resolver) {
  std::map<std::string, SnapshotFile> by_location;
  const auto add = [&](const StreamHandle& handle, const HandleContext& context) -> Result<void> {
    if (!NamesFile(handle.tag)) return {};
    SF_TRY(HandleTarget target, resolver.Resolve(handle, context));
    SF_TRY(const SizeClaim claim, ClaimOf(handle, context));
    const auto [it, is_new] = by_location.try_emplace(LocationKey(target.location));
    SnapshotFile& file = it->second;
    if (is_new) {
      file.outside = !storage::IsWithin(target.location, resolver.directory()) &&
                     !storage::IsWithin(target.read_from, resolver.read_directory());
      file.location = std::move(target.location);
      file.read_from = std::move(target.read_from);
      file.kind = target.kind;
      file.size_exact = false;
      file.operator_id = OperatorIdText(context.op->id);
      file.operator_name = OperatorLabel(*context.op);
    }
    Merge(file, claim);
    return {};
  };
  SF_TRY(VisitStreamHandles(metadata, add));
  std::vector<SnapshotFile> files;
  files.reserve(by_location.size());
  for (auto& [key, file] : by_location) files.push_back(std::move(file));
  return files;
}

}  // namespace stateferry::state::snapshot
