#pragma once

#include "storage/places.h"

namespace stateferry::state::snapshot {

/// A local location without symbolic links, as far as its path exists; others unchanged.
storage::Location Resolved(storage::Location location);

/// True when `inner` is `outer` or below it, by name or, for local places, because a directory
/// above `inner` is the same as `outer` (a bind mount).  Both resolved.
bool IsInside(const storage::Location& inner, const storage::Location& outer);

/// True for what lies in a file system of the kernel (/proc, /sys, /dev), but for /dev/shm.
bool IsOfKernel(const storage::Location& location);

}  // namespace stateferry::state::snapshot
