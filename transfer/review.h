#pragma once
// What the destination holds already, looked at before anything is written to it.

#include <stop_token>

#include "base/buffer_pool.h"
#include "transfer/endpoints.h"
#include "transfer/journal.h"
#include "transfer/meter.h"
#include "transfer/plan.h"
#include "transfer/request.h"

namespace stateferry::transfer {

struct ReviewInputs {
  const Plan& plan;
  Endpoints& ends;
  Journal& journal;
  const TransferOptions& options;
  BufferPool& buffers;
  int workers;
  Meter& meter;
};

/// Decides for every planned file whose name is taken at the destination, following
/// options.if_exists, and journals what was decided: identical files are done, files of earlier
/// runs that are gone start again.  One listing of the destination; nothing but that when it is
/// empty.  Memory: 16 bytes per planned file.
/// Returns how many files are still to be moved or verified.
/// Errors: kConflict that names the first object that is in the way; kCancelled.
Result<std::uint64_t> ReviewDestination(const ReviewInputs& inputs, std::stop_token stop);

}  // namespace stateferry::transfer
