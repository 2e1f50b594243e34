#pragma once
// The part of a run that moves bytes.

#include <stop_token>
#include <string>

#include "base/buffer_pool.h"
#include "base/clock.h"
#include "transfer/endpoints.h"
#include "transfer/journal.h"
#include "transfer/meter.h"
#include "transfer/request.h"

namespace stateferry::transfer {

struct MoveInputs {
  const std::string& id;
  Journal& journal;
  Endpoints& ends;
  const TransferOptions& options;
  BufferPool& buffers;
  int workers;
  Meter& meter;
  Clock& clock;
};

/// Moves, completes and verifies every file of the plan that is not done; returns when each is done
/// or has failed for good (Meter::has_failures).
/// Errors: kCancelled when asked to stop or a limit was reached: parts in flight were finished and
/// journaled; otherwise what ended the run as a whole.  The plan can be resumed in any case.
Result<void> MoveFiles(const MoveInputs& inputs, std::stop_token stop);

}  // namespace stateferry::transfer
