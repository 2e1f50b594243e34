#pragma once
// Whether a destination lies where it can do no harm.

#include <vector>

#include "storage/places.h"

namespace stateferry::state::snapshot {

/// Errors: kConflict when `to` is an object, or lies inside one of `roots` or around it, or inside
/// one of `directories`.  Symbolic links, mounts of one directory at two places, and names of
/// managed stores are seen through.
Result<void> CheckDestination(storage::Places& places, const std::vector<storage::Location>& roots,
                              const std::vector<storage::Location>& directories,
                              const storage::Location& to);

}  // namespace stateferry::state::snapshot
