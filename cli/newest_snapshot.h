#pragma once

#include "cli/app.h"
#include "state/snapshot/snapshot.h"

namespace stateferry::cli {

/// The newest readable snapshot at or below `base`; warns of unreadable ones that it passes over.
/// Errors: kNotFound when there is none.
Result<state::snapshot::SnapshotListing> NewestSnapshot(App& app, const storage::Location& base);

}  // namespace stateferry::cli
