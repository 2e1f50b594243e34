#pragma once

#include "storage/places.h"

namespace stateferry::state::snapshot {

/// A local location without symbolic links, as far as its path exists; others unchanged.
storage::Location Resolved(storage::Location location);

}  // namespace stateferry::state::snapshot
