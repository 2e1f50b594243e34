#pragma once
// From snapshots that were read and looked at to the files and metadata of the destination.  Pure:
// nothing is read or written.

#include <string>
#include <vector>

#include "state/snapshot/flink_source.h"
#include "state/snapshot/moved_files.h"
#include "state/snapshot/relocate.h"

namespace stateferry::state::snapshot {

struct SnapshotToMove {
  FlinkSnapshot snapshot;
  /// FilesOf, LookAtFiles and FindDangling went over them, and none is without its bytes.
  std::vector<SnapshotFile> files;
};

struct FlinkRelocation {
  std::vector<SnapshotToMove> snapshots;  ///< exactly one unless kTree
  PathMap map;
  Layout layout = Layout::kPortable;
  std::string target;      ///< the URI by which Flink will see the destination
  storage::Location root;  ///< kTree: what becomes the destination
};

struct MovedMetadata {
  std::string to_name;  ///< "_metadata", "chk-7/_metadata"
  std::string bytes;
};

struct FlinkRelocationPlan {
  std::vector<transfer::FileTask> files;  ///< ordered by source object and offset
  std::vector<MovedMetadata> metadata;    ///< in the order of the snapshots
  std::vector<std::string> warnings;
};

/// - portable: one directory, every handle relative; segments become files of their own.
/// - anchored: the same files; absolute below `target` are those that Flink's registry of shared
///   state will know (shared lists, changelog and materialized state, shared segments) and those
///   that were absolute; the others are relative.
/// - tree: files and directories as they lie below `root`, the others in external-N; absolute stays
///   absolute, relative stays relative unless Flink's registry of shared state will know it.
/// One file is referred to in one form only.  The directories of file merging are dropped, or in a
/// tree rewritten to directories that hold merged files and nothing else.
/// Errors: kRefused: version 7, a changelog file that is a segment, a handle that names a metadata
/// file; kCorruption: a segment outside its file; kInvalidArgument: `target` is not UTF-8.
Result<FlinkRelocationPlan> PlanFlinkRelocation(FlinkRelocation relocation);

}  // namespace stateferry::state::snapshot
