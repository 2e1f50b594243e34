#pragma once
// Whether a destination lies where it can do no harm.

#include <vector>

#include "storage/places.h"

namespace stateferry::state::snapshot {

/// Errors: kConflict when `to` is an object, or lies inside one of `sources` or around it (symbolic
/// links of local directories are followed).
Result<void> CheckDestination(storage::Places& places,
                              const std::vector<storage::Location>& sources,
                              const storage::Location& to);

}  // namespace stateferry::state::snapshot
