#include "state/catalog/shared_storage.h"

#include <fmt/format.h>

#include <set>

#include "state/catalog/project_storage.h"
#include "state/entities/kinds.h"

namespace stateferry::state::catalog {

Result<ProjectRoots> RootsOfProjects(Catalog& catalog, std::span<const entities::Entity> coming) {
  std::map<std::string, entities::Entity> workspaces;
  std::set<std::string> projects;
  const auto add = [&](const entities::Entity& entity) {
    if (entity.key.kind == "workspace")
      workspaces.insert_or_assign(entity.key.name, entity);
    else if (entity.key.kind == "project")
      projects.insert(entity.key.name);
  };
  for (const char* kind : {"workspace", "project"}) {
    SF_TRY(const auto records, ListAll(catalog, "", kind));
    for (const Record& record : records) add(record.entity);
  }
  for (const entities::Entity& entity : coming) add(entity);
  std::erase_if(workspaces, [](const auto& entry) {
    return !entities::FindKind("workspace")->Validate(entry.second).empty();
  });
  ProjectRoots roots;
  for (const std::string& project : projects) {
    const auto workspace = workspaces.find(WorkspaceOf(project));
    if (workspace == workspaces.end()) continue;
    if (auto root = ProjectRoot(workspace->second, project))
      roots.emplace(project, *std::move(root));
  }
  return roots;
}

Result<void> CheckOwnDirectory(const std::string& project, const ProjectRoots& roots) {
  const auto own = roots.find(project);
  if (own == roots.end()) return {};
  for (const auto& [other, root] : roots) {
    if (other == project) continue;
    if (!storage::IsWithin(root, own->second) && !storage::IsWithin(own->second, root)) continue;
    return Error(ErrorCode::kConflict,
                 fmt::format("project '{}' would keep its files in {}, and project '{}' keeps its "
                             "own in {}: one would take the files of the other",
                             project, own->second.ToString(), other, root.ToString()))
        .WithHint(fmt::format(
            "give their workspaces different prefixes of the storage, to '{}' for one {}",
            WorkspaceOf(project), own->second.Parent().Child(WorkspaceOf(project)).ToString()));
  }
  return {};
}

}  // namespace stateferry::state::catalog
