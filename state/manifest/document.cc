#include "state/manifest/document.h"

#include "state/entities/kinds.h"

namespace stateferry::state::manifest {

Position Document::Where(const std::string& pointer) const {
  const auto it = lines.find(pointer);
  return it == lines.end() ? at : Position{at.file, it->second};
}

bool IsScopeKind(std::string_view kind) {
  const entities::EntityKind* spec = entities::FindKind(kind);
  return spec != nullptr && spec->spec().travel == entities::Travel::kScope;
}

}  // namespace stateferry::state::manifest
