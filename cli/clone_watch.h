#pragma once

#include <string>

#include "cli/app.h"
#include "cli/command.h"

namespace stateferry::cli {

/// Shows a clone that another process is at work on until it has ended, or that process has.
/// Errors: kNotFound; kCancelled on a signal, which leaves the clone alone.
Result<Outcome> WatchClone(App& app, const std::string& id);

}  // namespace stateferry::cli
