#include "state/manifest/document.h"

#include <fmt/format.h>

#include "state/entities/kinds.h"

namespace stateferry::state::manifest {

Position Document::Where(const std::string& pointer) const {
  const auto it = lines.find(pointer);
  return it == lines.end() ? at : Position{at.file, it->second};
}

void Manifest::Complain(Position where, std::string message) {
  if (problems.size() < kMaxProblems)
    problems.push_back({std::move(where), std::move(message)});
  else if (!IsFull())
    problems.push_back({std::move(where), fmt::format("and more: only the first {} problems are "
                                                      "listed",
                                                      kMaxProblems)});
}

bool IsScopeKind(std::string_view kind) {
  const entities::EntityKind* spec = entities::FindKind(kind);
  return spec != nullptr && spec->spec().travel == entities::Travel::kScope;
}

}  // namespace stateferry::state::manifest
