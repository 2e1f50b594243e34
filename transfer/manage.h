#pragma once
// What the `transfer` commands do with recorded transfers besides running them.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "storage/places.h"
#include "transfer/journal.h"

namespace stateferry::transfer {

/// Marks a transfer that is not running as cancelled, drops its unfinished uploads at the
/// destination and its plan.  Files that are complete there stay.  Running the same command later
/// starts a new plan.
/// Errors: kNotFound; kConflict when it is committed already; what the destination returns.
Result<TransferRecord> CancelTransfer(const std::string& id, Journal& journal,
                                      storage::Places& places, Clock& clock);

/// Removes what a transfer that is not running has put at its destination, whole or not, and
/// forgets its plan: as if it had never run.  What was there before it stays.  Durable on return.
/// `last_names`: what its finalizer puts, below the destination; one that was killed has not told.
/// Errors: kNotFound; what the destination returns.
Result<void> TakeBackTransfer(const std::string& id, const std::vector<std::string>& last_names,
                              Journal& journal, storage::Places& places, Clock& clock);

struct PruneReport {
  std::uint64_t removed = 0;           ///< records
  std::uint64_t uploads_aborted = 0;   ///< leftovers of those that were not committed
  std::uint64_t kept_unreachable = 0;  ///< their destination cannot be opened: try again later
};
/// Removes the records of transfers that were last touched more than `older_than` ago, with what
/// unfinished ones hold at their destinations, and there also what killed runs have left unnamed,
/// once it is a day old.
Result<PruneReport> PruneTransfers(std::chrono::seconds older_than, Journal& journal,
                                   storage::Places& places, Clock& clock);

Json ToJson(const TransferRecord& record);

}  // namespace stateferry::transfer
