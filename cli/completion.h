#pragma once

#include <string>

namespace stateferry::cli {

/// Scripts that a shell sources; made from the table of commands.
std::string BashCompletion();
std::string ZshCompletion();
std::string FishCompletion();

}  // namespace stateferry::cli
