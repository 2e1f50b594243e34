#include "state/clone/space_checks.h"

#include <fmt/format.h>

#include "state/catalog/project_storage.h"
#include "state/catalog/shared_storage.h"
#include "state/entities/kinds.h"

namespace stateferry::state::clone {

namespace {

constexpr std::string_view kSource = "source", kTarget = "target";

/// False when the text cannot be the name of a project.
bool CheckReference(std::string_view side, const std::string& text, workflow::Findings& findings) {
  if (text.empty()) {
    findings.Error("C-35", "usage", fmt::format("no {} project is given", side),
                   "write it as WORKSPACE/PROJECT");
    return false;
  }
  if (text.starts_with("workspace:") || text.find('/') == std::string::npos) {
    findings.Error(
        "C-06", "usage",
        fmt::format("the {} names a workspace: '{}'; only projects can be cloned", side, text),
        "write it as WORKSPACE/PROJECT");
    return false;
  }
  const auto named = entities::CheckName(entities::kProjectName, text);
  if (!named)
    findings.Error("C-35", "usage", fmt::format("the {}: {}", side, named.error().message()),
                   "write it as WORKSPACE/PROJECT");
  return named.has_value();
}

/// Nothing when the record is not there, or is not what its kind wants.
Result<std::optional<entities::Entity>> FindWhole(std::string_view side,
                                                  const entities::EntityKey& key,
                                                  catalog::Catalog& catalog,
                                                  workflow::Findings& findings) {
  SF_TRY(const auto record, catalog.Find("", key));
  if (!record) {
    findings.Error(
        "C-34", "not_found",
        fmt::format("the {} {} '{}' does not exist; both sides must be there before a clone", side,
                    key.kind, key.name),
        "create it first, or check its name", key);
    return std::optional<entities::Entity>();
  }
  const auto problems = entities::FindKind(key.kind)->Validate(record->entity);
  if (problems.empty()) return std::optional(record->entity);
  findings.Error("C-34", "state",
                 fmt::format("the {} {} '{}' is not whole: {}", side, key.kind, key.name,
                             problems.front().message),
                 "import it again", key);
  return std::optional<entities::Entity>();
}

std::string Text(const Side& side, std::string_view field) {
  return JsonString(side.workspace.body, field).value_or("");
}

/// Two that are not known are not the same.
std::string_view Known(std::string_view text) { return text.empty() ? "(unknown)" : text; }

void CheckRegion(const Space& space, workflow::Findings& findings) {
  const std::string from = Text(space.source, "region"), to = Text(space.target, "region");
  if (from == to && !from.empty()) return;
  findings.Error("C-05", "incompatible",
                 fmt::format("the regions differ: source '{}' in {}, target '{}' in {}; a clone "
                             "stays inside one region",
                             space.source.project, Known(from), space.target.project, Known(to)),
                 from.empty() ? "say the region of both workspaces"
                              : fmt::format("choose a target project in {}", from));
}

void CheckStorage(const Space& space, workflow::Findings& findings) {
  if (!space.source.managed || space.target.managed) return;
  findings.Error(
      "C-12", "incompatible",
      fmt::format("the storage does not fit: source workspace '{}' is fully managed, target "
                  "workspace '{}' keeps its files in the bucket {}; from managed storage a clone "
                  "goes to managed storage only",
                  space.source.workspace.key.name, space.target.workspace.key.name,
                  space.target.storage.ToString()),
      "choose a target workspace with managed storage");
}

void CheckArchitecture(const Space& space, workflow::Findings& findings) {
  const std::string from = Text(space.source, "architecture"),
                    to = Text(space.target, "architecture");
  if (from == to && !from.empty()) return;
  findings.Error("C-13", "incompatible",
                 fmt::format("the architectures differ: source workspace '{}' is {}, target "
                             "workspace '{}' is {}; a clone stays on one architecture",
                             space.source.workspace.key.name, Known(from),
                             space.target.workspace.key.name, Known(to)),
                 from.empty() ? "say the architecture of both workspaces"
                              : fmt::format("choose a target workspace on {}", from));
}

/// The source is only read.
Result<void> CheckTargetsDirectory(const Side& target, catalog::Catalog& catalog,
                                   workflow::Findings& findings) {
  SF_TRY(const auto roots, catalog::RootsOfProjects(catalog, {}));
  if (const auto own = catalog::CheckOwnDirectory(target.project, roots); !own)
    findings.Error("C-34", "conflict", own.error().message(), own.error().hint(),
                   target.entity.key);
  return {};
}

}  // namespace

Result<std::optional<Side>> FindSide(std::string_view name, const std::string& project,
                                     catalog::Catalog& catalog, workflow::Findings& findings) {
  if (!CheckReference(name, project, findings)) return std::optional<Side>();
  SF_TRY(auto workspace,
         FindWhole(name, {"workspace", catalog::WorkspaceOf(project)}, catalog, findings));
  SF_TRY(auto entity, FindWhole(name, {"project", project}, catalog, findings));
  if (!workspace || !entity) return std::optional<Side>();
  SF_TRY(auto root, catalog::ProjectRoot(*workspace, project));
  Side side{.project = project,
            .workspace = *std::move(workspace),
            .entity = *std::move(entity),
            .storage = root.Parent(),
            .root = root};
  side.managed = catalog::IsManaged(side.workspace);
  return std::optional(std::move(side));
}

Result<std::optional<Space>> CheckSpace(const CloneRequest& request, catalog::Catalog& catalog,
                                        workflow::Findings& findings) {
  SF_TRY(auto source, FindSide(kSource, request.source, catalog, findings));
  SF_TRY(auto target, FindSide(kTarget, request.target, catalog, findings));
  if (request.source == request.target && !request.source.empty())
    findings.Error("C-35", "usage",
                   fmt::format("source and target are the same project: '{}'; a clone needs two",
                               request.source),
                   "choose another target");
  if (!source || !target) return std::optional<Space>();
  Space space{*std::move(source), *std::move(target)};
  CheckRegion(space, findings);
  CheckStorage(space, findings);
  CheckArchitecture(space, findings);
  SF_TRY(CheckTargetsDirectory(space.target, catalog, findings));
  return std::optional(std::move(space));
}

}  // namespace stateferry::state::clone
