#pragma once

#include <string>
#include <vector>

#include "cli/settings.h"

namespace stateferry::cli {

/// The whole program: understands `words` (without the program's name), runs the command, prints
/// its result or its error, and gives the process exit code.
int RunProgram(const std::vector<std::string>& words, const Environment& environment);

/// Variables and working directory of this process.
Environment ProcessEnvironment();

}  // namespace stateferry::cli
