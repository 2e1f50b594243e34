#pragma once
// The distinct files that a Flink snapshot's metadata names, and those among them that are not
// where they must be.

#include <vector>

#include "state/snapshot/flink_source.h"

namespace stateferry::state::snapshot {

/// One entry per distinct location, sorted by it; nothing is looked at.  Sizes are those of the
/// handles: exact but for changelog files and for merged files, of which it is the end of the last
/// segment.
/// Errors: those of HandleResolver.
Result<std::vector<SnapshotFile>> FilesOf(const FlinkMetadata& metadata,
                                          const HandleResolver& resolver);

/// Relative handles whose file is not in the snapshot's directory: Flink before the fix of
/// FLINK-39964 writes them when a job goes on from a snapshot with relative shared files.  Call
/// after LookAtFiles.  Looks for the files, by name and size, in the directories that `map` leads
/// to, in `shared` and `taskowned` beside the snapshot, and in the snapshots beside it; found ones
/// are marked `repaired` and read from there.  Adds warnings that say what was found.
Result<void> FindDangling(SourceObjects& objects, const MetadataPlace& place, const PathMap& map,
                          std::vector<SnapshotFile>& files, std::vector<std::string>& warnings);

}  // namespace stateferry::state::snapshot
