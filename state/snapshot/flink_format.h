#pragma once
// Flink checkpoints and savepoints.

#include <memory>

#include "state/snapshot/flink_source.h"
#include "state/snapshot/snapshot_format.h"

namespace stateferry::state::snapshot {

std::unique_ptr<SnapshotFormat> MakeFlinkFormat();

/// A snapshot as people see it.
Result<Snapshot> DescribeFlinkSnapshot(SourceObjects& objects, const FlinkSnapshot& flink,
                                       const InspectOptions& options);

/// As RelocationPlan promises.  kTree takes a job's directory too.
Result<RelocationPlan> PlanFlink(storage::Places& places, const RelocateRequest& request,
                                 Layout layout, std::stop_token stop);
/// Reads each of `last` as metadata that lies at the destination, and looks at every file it names.
/// Errors: kCorruption: one is not there, has another size or lies outside the destination.
Result<void> CheckMovedFlink(storage::Places& places, const RelocateRequest& request,
                             const std::vector<LastObject>& last, std::stop_token stop);

/// All metadata files at or below `base` (objects called `_metadata`), in key order.
Result<std::vector<MetadataPlace>> FindAllMetadata(SourceObjects& objects,
                                                   const storage::Location& base);

}  // namespace stateferry::state::snapshot
