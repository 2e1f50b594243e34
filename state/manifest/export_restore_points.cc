#include "state/manifest/export_restore_points.h"

#include <fmt/format.h>

#include "state/clone/job_states.h"
#include "state/manifest/resource_fields.h"

namespace stateferry::state::manifest {

using entities::Entity;

ExportRestorePoints::ExportRestorePoints(std::span<const Entity* const> project) {
  for (const Entity* entity : project) {
    if (entity->key.kind != "snapshot") continue;
    if (TextField(entity->body, "status/state") != "COMPLETED") {
      others_.insert(entity->key.name);
      continue;
    }
    completed_[entity->key.name] = entity;
    const Entity*& newest = newest_[TextField(entity->body, "deployment")];
    if (newest == nullptr || clone::IsNewer(*entity, *newest)) newest = entity;
  }
}

const Entity* ExportRestorePoints::Of(const Entity& deployment) const {
  const std::string strategy = TextField(deployment.body, "restoreStrategy/kind");
  if (strategy == "NONE") return nullptr;
  const bool named = strategy == "FROM_SAVEPOINT";
  const auto& points = named ? completed_ : newest_;
  const auto it = points.find(named ? TextField(deployment.body, "restoreStrategy/savepointId")
                                    : deployment.key.name);
  return it == points.end() ? nullptr : it->second;
}

std::string ExportRestorePoints::WhyNot(const Entity& deployment) const {
  if (TextField(deployment.body, "restoreStrategy/kind") != "FROM_SAVEPOINT") return "";
  const std::string name = TextField(deployment.body, "restoreStrategy/savepointId");
  if (completed_.contains(name)) return "";
  return fmt::format("it begins from snapshot '{}', which {}", name,
                     others_.contains(name) ? "is not completed" : "the project does not hold");
}

}  // namespace stateferry::state::manifest
