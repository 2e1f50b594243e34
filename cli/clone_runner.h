#pragma once
// What `clone start`, `clone resume` and `clone stop` have in common: run a recorded clone in this
// process, and say how it ended.

#include <string>

#include "cli/app.h"
#include "cli/command.h"

namespace stateferry::cli {

/// What went wrong with a clone that is recorded and can go on: tells its id, and how.
Error AboutClone(Error error, const std::string& id);

/// Opens the home for writing and runs the clone to its end, or to a signal.  Errors: kLocked; all
/// that come when it is recorded tell its id and the command that goes on.
Result<Outcome> RunRecordedClone(App& app, const std::string& id);

/// Hands a recorded clone to a worker process, which inherits the lock of the home, and prints its
/// id, before anything can fail, and how to follow it (C-45, C-46).  Errors: tell the id as well.
Result<Outcome> DetachClone(App& app, const std::string& id);

}  // namespace stateferry::cli
