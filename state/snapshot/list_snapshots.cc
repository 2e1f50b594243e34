#include <fmt/format.h>

#include <algorithm>

#include "state/snapshot/flink_format.h"

namespace stateferry::state::snapshot {
namespace {

constexpr std::size_t kJobIdDigits = 32;

bool IsJobId(std::string_view name) {
  return name.size() == kJobIdDigits &&
         name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// The nearest directory upwards that is called like a job.
std::string JobIdOf(storage::Location directory) {
  while (!directory.Name().empty()) {
    if (IsJobId(directory.Name())) return directory.Name();
    directory = directory.Parent();
  }
  return "";
}

std::string KindOf(const FlinkMetadata& metadata, const storage::Location& directory) {
  if (!metadata.parsed_properties.type_name.empty())
    return metadata.parsed_properties.is_savepoint ? "savepoint" : "checkpoint";
  // Before version 4 only the directory's name tells.
  return directory.Name().starts_with("savepoint") ? "savepoint" : "checkpoint";
}

}  // namespace

Result<std::vector<SnapshotListing>> ListSnapshots(storage::Places& places,
                                                   const storage::Location& base) {
  SourceObjects objects(places);
  std::vector<SnapshotListing> listings;
  SF_TRY(objects.List(
      base, "", [&](const storage::Location& at, const storage::ObjectMeta& meta) -> Result<void> {
        if (at.Name() != kMetadataName) return {};
        SnapshotListing listing;
        listing.location = at.Parent();
        listing.mtime_ns = meta.mtime_ns;
        listing.job_id = JobIdOf(listing.location);
        listings.push_back(std::move(listing));
        return {};
      }));
  for (SnapshotListing& listing : listings) {
    auto read = ReadFlinkSnapshot(objects,
                                  {listing.location, listing.location, std::string(kMetadataName)});
    if (!read) {
      listing.readable = false;
      listing.problem = read.error().message();
      continue;
    }
    listing.checkpoint_id = read->metadata.checkpoint_id;
    listing.kind = KindOf(read->metadata, listing.location);
  }
  std::stable_sort(
      listings.begin(), listings.end(), [](const SnapshotListing& a, const SnapshotListing& b) {
        return std::pair(a.mtime_ns, a.checkpoint_id) < std::pair(b.mtime_ns, b.checkpoint_id);
      });
  return listings;
}

}  // namespace stateferry::state::snapshot
