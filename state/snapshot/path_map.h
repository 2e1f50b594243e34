#pragma once
// --map OLD=NEW: where the files of a tree that somebody already moved are now.

#include <string>

#include "state/snapshot/snapshot.h"

namespace stateferry::state::snapshot {

/// `location` with the longest matching OLD replaced by its NEW; unchanged when none matches.
/// Matches whole path components only.  Credentials in the authority of a handle do not matter.
storage::Location ApplyMap(const PathMap& map, const storage::Location& location);

/// Names one location among others; two locations with the same key are the same place.  Holds
/// credentials when the location does: never print it.
std::string LocationKey(const storage::Location& location);

}  // namespace stateferry::state::snapshot
