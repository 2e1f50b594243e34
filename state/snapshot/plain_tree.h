#pragma once
// Files that mean nothing to us: copied and verified, never interpreted.

#include <functional>
#include <memory>

#include "state/snapshot/snapshot_format.h"
#include "state/snapshot/source_objects.h"

namespace stateferry::state::snapshot {

std::unique_ptr<SnapshotFormat> MakePlainTreeFormat();

/// A plan that copies everything below `from`, or `from` itself when it is an object, as it is.
/// Objects for which `is_last` holds (by name below `from`) come last.
/// Errors: kNotFound when nothing is there.
using IsLast = std::function<bool(std::string_view name)>;
Result<RelocationPlan> PlanTreeCopy(storage::Places& places, const storage::Location& from,
                                    const IsLast& is_last);

/// What says that a place without `_metadata` is part of a Flink snapshot all the same.
enum class FlinkTraces {
  kNone,
  kPart,  ///< it is called `shared`, `taskowned` or as a job, or all its own files have UUIDs for
          ///< names: files of one snapshot or more
  kSnapshot,  ///< it, or a directory below it, is called as a snapshot or `_metadata`
};
/// Call for places in and below which there is no `_metadata`.
Result<FlinkTraces> FlinkTracesIn(SourceObjects& objects, const storage::Location& location);

/// Every object below `directory`, as files of a snapshot.
Result<std::vector<SnapshotFile>> ListTreeFiles(SourceObjects& objects,
                                                const storage::Location& directory);

}  // namespace stateferry::state::snapshot
