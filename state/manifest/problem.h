#pragma once
// What is wrong with files that are to be imported.

#include <compare>
#include <cstdint>
#include <string>

namespace stateferry::state::manifest {

/// Where somebody wrote something.
struct Position {
  std::string file;
  std::uint32_t line = 0;  ///< from 1; 0 = the whole file
  auto operator<=>(const Position&) const = default;
};

struct Problem {
  Position at;
  std::string message;  ///< one sentence without full stop
};

/// "FILE:LINE", "FILE".
std::string ToText(const Position& at);
/// "FILE:LINE: MESSAGE".
std::string ToText(const Problem& problem);

}  // namespace stateferry::state::manifest
