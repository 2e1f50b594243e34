#pragma once
// What a clone has made, compared with what it was made from, and looked at for what is still to be
// done by hand (C-30 to C-33).  Reads, never writes.

#include <functional>
#include <stop_token>
#include <vector>

#include "base/result.h"
#include "state/catalog/catalog.h"
#include "state/workflow/findings.h"
#include "state/workflow/run.h"
#include "storage/places.h"
#include "transfer/journal.h"

namespace stateferry::state::clone {

/// References are borrowed for the call.
struct VerifyEnv {
  catalog::Catalog& catalog;
  storage::Places& places;
  /// What the moves of state remember of their files; null: not known.  Then, and when their
  /// records were removed, a changed byte of a snapshot is seen in managed storage only, and a
  /// warning says so.
  transfer::Journal* journal = nullptr;
  std::stop_token stop = {};
};

struct CloneVerifyReport {
  /// Errors first: "dependency" for what a job lacks, "integrity" for bytes that are not right.
  std::vector<workflow::Finding> findings;
  std::uint64_t entities = 0, files = 0, files_compared = 0, snapshots = 0, bytes_read = 0;
  bool ok() const { return workflow::FirstError(findings).has_value(); }
};

using ItemVisitor = std::function<Result<void>(const workflow::Item&)>;
/// Calls the visitor with the items of the run, in their order.
using ItemWalk = std::function<Result<void>(const ItemVisitor&)>;

/// Of all that the run has made, as it is now at the target:
/// - every reference, variable and catalog is there (C-30, C-28), with the line of the text;
/// - no file or text names a place in the source's storage any more (C-33);
/// - drafts are what their kind wants (C-31);
/// - files have the size and the hash of their originals (C-32), or, where those are gone, the hash
///   in their record;
/// - the snapshot of every job is whole.
/// A file that was edited into another place counts there.  The source may be gone.
/// Errors: kNotFound: no target project; kCancelled; of the places what repeating may help.
Result<CloneVerifyReport> VerifyClone(const workflow::Run& run, const ItemWalk& walk,
                                      const VerifyEnv& env);

}  // namespace stateferry::state::clone
