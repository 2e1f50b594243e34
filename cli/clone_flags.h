#pragma once
// The options that say what is to be cloned, and how (C-36, C-37).

#include <vector>

#include "cli/app.h"
#include "cli/option_spec.h"
#include "state/clone/clone_request.h"

namespace stateferry::cli {

std::vector<OptionSpec> CloneFlags();
/// Source and target are the first two arguments.
Result<state::clone::CloneRequest> CloneRequestFrom(const App& app);

}  // namespace stateferry::cli
