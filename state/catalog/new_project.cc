#include "state/catalog/new_project.h"

#include <fmt/format.h>

#include "state/catalog/project_storage.h"
#include "state/catalog/shared_storage.h"
#include "state/entities/kinds.h"

namespace stateferry::state::catalog {

namespace {

/// Adds the entity.  Errors: kInvalidArgument with everything that its kind finds wrong.
Result<void> Add(entities::Entity entity, std::vector<Change>& changes) {
  std::string wrong;
  for (const auto& problem : entities::FindKind(entity.key.kind)->Validate(entity))
    wrong += (wrong.empty() ? "" : "; ") + problem.message;
  if (!wrong.empty())
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("{} '{}': {}", entity.key.kind, entity.key.name, wrong));
  changes.push_back({.entity = std::move(entity), .expected_version = 0});
  return {};
}

Json WorkspaceBody(const NewProject& project) {
  const bool managed =
      project.storage.starts_with("managed:") || project.storage.starts_with("managed+");
  const char* kind = managed ? "managed" : "bucket";
  Json body = {{"region", project.region},
               {"architecture", project.architecture},
               {"storage", {{kind, project.storage}}}};
  if (!project.owner.empty())
    body["members"] = Json::array({{{"name", project.owner}, {"role", "OWNER"}}});
  return body;
}

/// What was asked of the workspace must be what it is.
Result<void> CheckSame(const Record& workspace, const NewProject& project) {
  const Json& body = workspace.entity.body;
  const auto differs = [&](std::string_view asked, const std::optional<std::string>& is) {
    return !asked.empty() && asked != is.value_or("");
  };
  const Json storage = body.value("storage", Json::object());
  const auto place = JsonString(storage, storage.contains("managed") ? "managed" : "bucket");
  for (const auto& [what, asked, is] :
       {std::tuple("region", project.region, JsonString(body, "region")),
        std::tuple("architecture", project.architecture, JsonString(body, "architecture")),
        std::tuple("storage", project.storage, place)})
    if (differs(asked, is))
      return Error(ErrorCode::kConflict,
                   fmt::format("workspace '{}' is there and its {} is {}, not {}",
                               workspace.entity.key.name, what, is.value_or("not known"), asked));
  if (!project.owner.empty())
    return Error(ErrorCode::kConflict, fmt::format("workspace '{}' is there, and has its members",
                                                   workspace.entity.key.name));
  return {};
}

}  // namespace

Result<bool> CreateProject(Catalog& catalog, const NewProject& project) {
  std::vector<Change> changes;
  SF_TRY(Add({{"project", project.name}, Json::object()}, changes));
  SF_TRY(const auto there, catalog.Find("", {"project", project.name}));
  if (there)
    return Error(ErrorCode::kConflict, fmt::format("project '{}' is there already", project.name));
  const std::string workspace_name = WorkspaceOf(project.name);
  SF_TRY(const auto workspace, catalog.Find("", {"workspace", workspace_name}));
  if (workspace) {
    SF_TRY(CheckSame(*workspace, project));
  } else {
    if (project.region.empty() || project.architecture.empty() || project.storage.empty())
      return Error(ErrorCode::kNotFound, fmt::format("there is no workspace '{}'", workspace_name))
          .WithHint("make it as well: --region, --architecture and --storage");
    SF_TRY(Add({{"workspace", workspace_name}, WorkspaceBody(project)}, changes));
    SF_TRY(const auto region, catalog.Find("", {"region", project.region}));
    if (!region) SF_TRY(Add({{"region", project.region}, Json::object()}, changes));
  }
  std::vector<entities::Entity> coming;
  for (const Change& change : changes) coming.push_back(change.entity);
  SF_TRY(const auto roots, RootsOfProjects(catalog, coming));
  SF_TRY(CheckOwnDirectory(project.name, roots));
  SF_TRY(catalog.Apply(changes));
  return !workspace;
}

}  // namespace stateferry::state::catalog
