#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "state/snapshot/flink_format.h"
#include "state/snapshot/job_id.h"

namespace stateferry::state::snapshot {
namespace {

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

/// N of a directory "chk-N"; none for others.
std::optional<std::int64_t> NumberOf(const storage::Location& directory) {
  const std::string name = directory.Name();
  std::int64_t number = 0;
  if (!name.starts_with("chk-")) return std::nullopt;
  const char* const end = name.data() + name.size();
  const auto parsed = std::from_chars(name.data() + 4, end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end || number < 0) return std::nullopt;
  return number;
}

/// Checkpoints of one job, chk-N in one directory, go by their numbers, because a copy gives them
/// times in any order; a checkpoint counts as no older than those before it.  Between jobs and
/// savepoints only the time tells.
void SortByAge(std::vector<SnapshotListing>& listings) {
  std::map<std::string, std::map<std::int64_t, std::int64_t*>> times_of_jobs;
  struct Aged {
    std::int64_t time_ns, number;
    SnapshotListing listing;
  };
  std::vector<Aged> all;
  all.reserve(listings.size());
  for (SnapshotListing& listing : listings) {
    const auto number = NumberOf(listing.location);
    const std::string job = listing.location.Parent().ToString();
    all.push_back({listing.mtime_ns, number.value_or(listing.checkpoint_id), std::move(listing)});
    if (number) times_of_jobs[job][*number] = &all.back().time_ns;
  }
  for (auto& [job, times] : times_of_jobs) {
    std::int64_t newest_ns = 0;
    for (auto& [number, time_ns] : times) newest_ns = *time_ns = std::max(newest_ns, *time_ns);
  }
  std::stable_sort(all.begin(), all.end(), [](const Aged& a, const Aged& b) {
    return std::pair(a.time_ns, a.number) < std::pair(b.time_ns, b.number);
  });
  listings.clear();
  for (Aged& aged : all) listings.push_back(std::move(aged.listing));
}

}  // namespace

Result<std::vector<SnapshotListing>> ListSnapshots(storage::Places& places,
                                                   const storage::Location& base) {
  SourceObjects objects(places);
  SF_TRY(places.Open(base, storage::Access::kRead));  // an error when it does not exist
  bool is_empty = true;
  std::vector<SnapshotListing> listings;
  SF_TRY(objects.List(
      base, "", [&](const storage::Location& at, const storage::ObjectMeta& meta) -> Result<void> {
        is_empty = false;
        if (at.Name() != kMetadataName) return {};
        SnapshotListing listing;
        listing.location = at.Parent();
        listing.mtime_ns = meta.mtime_ns;
        listing.job_id = JobIdOf(listing.location);
        listings.push_back(std::move(listing));
        return {};
      }));
  // Only local directories can be empty.
  if (is_empty && base.scheme != "file")
    return Error(ErrorCode::kNotFound, "nothing is at " + base.ToString());
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
  SortByAge(listings);
  return listings;
}

}  // namespace stateferry::state::snapshot
