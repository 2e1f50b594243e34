#include "state/manifest/problem.h"

#include <fmt/format.h>

namespace stateferry::state::manifest {

std::string ToText(const Position& at) {
  return at.line == 0 ? at.file : fmt::format("{}:{}", at.file, at.line);
}

std::string ToText(const Problem& problem) {
  return fmt::format("{}: {}", ToText(problem.at), problem.message);
}

}  // namespace stateferry::state::manifest
