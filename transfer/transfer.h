#pragma once
// Plan -> journal -> execute -> report.  The entry point of this module.

#include <functional>
#include <memory>
#include <stop_token>
#include <vector>

#include "base/clock.h"
#include "base/file_io.h"
#include "storage/places.h"
#include "transfer/journal.h"
#include "transfer/progress.h"
#include "transfer/report.h"
#include "transfer/request.h"

namespace stateferry::transfer {

/// What a run needs from outside.  All references are borrowed for the call.
struct TransferEnv {
  storage::Places& places;
  Journal& journal;
  Clock& clock;
  ProgressSink& progress;
  std::stop_token stop;
};

/// Last step of a transfer, run once every file is at the destination and verified and before the
/// transfer counts as committed: a relocation puts `_metadata` here.  Must be safe to run twice.
/// Returns what it has put, for the journal: CheckContents compares with it.
using Finalizer = std::function<Result<std::vector<LastObjectReceipt>>()>;

/// Runs a request to its end, or goes on where an earlier run of the same request stopped.
/// - Same request, committed before, source and destination as they were: nothing moves,
///   `already_done` is set.
/// - A file that fails for good fails alone; the rest goes on; the report has status kFailed.
/// - Source changed against the plan of an earlier run: that file starts again.  Changed while it
/// is
///   read: it is read once more; then kConflict for that file.
/// - Asked to stop, or a limit reached: parts in flight are finished and journaled, then
/// kCancelled. Errors are those of the run as a whole: journal, destination unusable, kConflict
/// before anything was written, kCancelled.
Result<TransferReport> RunTransfer(const TransferRequest& request, const FileLister& files,
                                   const Finalizer& finalize, const TransferOptions& options,
                                   const TransferEnv& env);

}  // namespace stateferry::transfer
