#pragma once
// What `clone start`, `clone resume` and `clone stop` have in common: run a recorded clone in this
// process, and say how it ended.

#include <string>

#include "cli/app.h"
#include "cli/command.h"

namespace stateferry::cli {

/// Opens the home for writing and runs the clone to its end, or to a signal.  Errors: kLocked;
/// kCancelled with the command that goes on.
Result<Outcome> RunRecordedClone(App& app, const std::string& id);

/// Hands a recorded clone to a worker process, which inherits the lock of the home, and prints its
/// id and how to follow it (C-45, C-46).
Result<Outcome> DetachClone(App& app, const std::string& id);

}  // namespace stateferry::cli
