#pragma once

#include <string>

#include "base/result.h"
#include "bench/copy/job_tree.h"

namespace stateferry::bench {

/// The bytes of `_metadata`, version 4, of one planned checkpoint whose files have been written: a
/// source with operator state inside the file, and a keyed operator with incremental RocksDB
/// handles.  `tree`: absolute path of the job's directory, which the handles name.
Result<std::string> MakeMetadata(const JobPlan& plan, const PlannedCheckpoint& checkpoint,
                                 const std::string& tree);

}  // namespace stateferry::bench
