#pragma once
// From a listing of files to a plan in the journal.  Reads the source's listing, writes nothing but
// the journal.

#include <functional>
#include <stop_token>

#include "base/clock.h"
#include "storage/backend.h"
#include "transfer/journal.h"
#include "transfer/meter.h"
#include "transfer/request.h"

namespace stateferry::transfer {

/// 16 hex digits: the same request has the same id.
std::string TransferId(const TransferRequest& request);

/// Size of the parts of a file of `size_bytes`: what was asked for, fitted to what the destination
/// can take.  0 asks for the default.
std::uint64_t PartBytes(std::uint64_t asked_bytes, std::uint64_t size_bytes,
                        const storage::Capabilities& capabilities);

constexpr std::uint64_t PartCount(std::uint64_t size_bytes, std::uint64_t part_bytes) {
  return (size_bytes + part_bytes - 1) / part_bytes;
}

struct PlanInputs {
  const TransferRequest& request;
  const FileLister& files;
  const TransferOptions& options;
  const storage::Capabilities& capabilities;  ///< of the destination
  /// Drops what the unfinished upload of a file that left the plan or changed holds there; durable
  /// on return.  Called before the journal forgets the upload, and again when that was not reached.
  std::function<Result<void>(const FileRecord&)> drop_upload = {};
  /// Places::ServiceOf; without it buckets of one name are taken for the same.
  std::function<std::string(const storage::Location&)> service_of = {};
};

struct Plan {
  TransferRecord record;
  std::uint64_t max_part_bytes = 1;
  /// An earlier run planned this transfer or some of its files, so they may have a state.
  bool begun_before = false;
  /// An earlier run committed it and the source is listed as it was then.
  bool committed_and_unchanged = false;
  /// XXH3-128 of every to_name, sorted.
  std::vector<Hash128> names;
};

/// Streams the listing into the journal; the plan is durable and complete on return.  Files that an
/// earlier plan of the same transfer has with the same source, range, size and etag keep their
/// state; others start again; files no longer listed leave the plan.
/// Memory: 16 bytes per file, and once more when the order changed.
/// Errors: kInvalidArgument when two files have the same to_name; kRefused when a file would be
/// copied onto itself; what the lister, the journal and drop_upload return; kCancelled.
Result<Plan> MakePlan(const PlanInputs& inputs, Journal& journal, Clock& clock, Meter& meter,
                      std::stop_token stop);

/// The same walk without a journal, for --dry-run: only totals.
Result<Plan> CountPlan(const PlanInputs& inputs, Clock& clock, Meter& meter, std::stop_token stop);

}  // namespace stateferry::transfer
