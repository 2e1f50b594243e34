#pragma once
// Where a measurement was made.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"

namespace stateferry::bench {

/// Processor, cores, memory, kernel, and the file system of `directory`.
Json DescribeMachine(const std::string& directory);

/// Writes to so much free memory, or to half of what there is, and gives it back.  The host of a
/// virtual machine takes free memory away within seconds, and whoever uses it next pays for that:
/// here nobody who is measured.  No more than a quarter of what a container may have.
void TouchFreeMemory(std::uint64_t bytes);

/// PATH, and the place where Go puts programs.
std::string ProgramPath();
/// Whether a program of that name is in ProgramPath().
bool FindProgram(std::string_view name);
/// First line of what the program says about itself; "" when it says nothing.
std::string ProgramVersion(std::string_view name);

}  // namespace stateferry::bench
