#pragma once

#include <cstddef>
#include <functional>
#include <stop_token>

#include "base/result.h"

namespace stateferry::state::snapshot {

/// Calls `act` for every index below `count`, on up to `threads` threads.  The first error ends it.
/// Errors: those of `act`; kCancelled.
Result<void> ForEachIndex(std::size_t count, std::size_t threads, std::stop_token stop,
                          const std::function<Result<void>(std::size_t)>& act);

}  // namespace stateferry::state::snapshot
