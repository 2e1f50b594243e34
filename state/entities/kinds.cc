// The registration: one line per kind, in the order in which entities are made.
#include "state/entities/kinds.h"

#include <algorithm>

#include "state/entities/all.h"

namespace stateferry::state::entities {

std::span<const EntityKind> Kinds() {
  static const std::vector<EntityKind> kinds = [] {
    std::vector<EntityKind> made;
    for (KindSpec (*make)() : {
             RegionKind,      WorkspaceKind, ProjectKind,       QueueKind,
             MemberKind,      VariableKind,  ResourceFileKind,  UdfArtifactKind,
             UdfFunctionKind, ConnectorKind, CatalogKind,       SessionClusterKind,
             FolderKind,      DraftKind,     QueryScriptKind,   DeploymentKind,
             SnapshotKind,    JobKind,       ScheduledPlanKind, AlertKind,
         })
      made.emplace_back(make());
    return made;
  }();
  return kinds;
}

const EntityKind* FindKind(std::string_view name) {
  const auto kinds = Kinds();
  const auto it = std::find_if(kinds.begin(), kinds.end(),
                               [&](const EntityKind& kind) { return kind.name() == name; });
  return it == kinds.end() ? nullptr : &*it;
}

std::size_t KindOrder(std::string_view name) {
  const EntityKind* kind = FindKind(name);
  return kind == nullptr ? Kinds().size() : static_cast<std::size_t>(kind - Kinds().data());
}

}  // namespace stateferry::state::entities
