#include "state/snapshot/flink_format.h"
#include "state/snapshot/plain_tree.h"
#include "state/snapshot/rocksdb_dir.h"
#include "state/snapshot/snapshot_format.h"

namespace stateferry::state::snapshot {

std::vector<std::unique_ptr<SnapshotFormat>> Formats() {
  std::vector<std::unique_ptr<SnapshotFormat>> formats;
  formats.push_back(MakeFlinkFormat());
  formats.push_back(MakeRocksDbDirFormat());
  formats.push_back(MakePlainTreeFormat());
  return formats;
}

Result<std::unique_ptr<SnapshotFormat>> FindFormat(storage::Places& places,
                                                   const storage::Location& location,
                                                   const PathMap& map) {
  for (auto& format : Formats()) {
    SF_TRY(const bool recognized, format->Recognizes(places, location, map));
    if (recognized) return std::move(format);
  }
  return Error(ErrorCode::kNotFound, "nothing is at " + location.ToString());
}

Result<Snapshot> Inspect(storage::Places& places, const storage::Location& location,
                         const InspectOptions& options) {
  SF_TRY(const auto format, FindFormat(places, location, options.map));
  return format->Inspect(places, location, options);
}

}  // namespace stateferry::state::snapshot
