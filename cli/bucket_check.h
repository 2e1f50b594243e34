#pragma once

#include "cli/app.h"

namespace stateferry::cli {

/// `store check` of a place in a bucket: tries what may be done there and prints a table.
Result<Outcome> CheckBucket(App& app, const storage::Location& location);

}  // namespace stateferry::cli
