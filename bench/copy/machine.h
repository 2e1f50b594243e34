#pragma once
// Where a measurement was made.

#include <string>
#include <string_view>

#include "base/json.h"

namespace stateferry::bench {

/// Processor, cores, memory, kernel, and the file system of `directory`.
Json DescribeMachine(const std::string& directory);

/// PATH, and the place where Go puts programs.
std::string ProgramPath();
/// Whether a program of that name is in ProgramPath().
bool FindProgram(std::string_view name);
/// First line of what the program says about itself; "" when it says nothing.
std::string ProgramVersion(std::string_view name);

}  // namespace stateferry::bench
