#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/commands/all.h"
#include "cli/project_flags.h"
#include "state/catalog/compare_projects.h"
#include "state/catalog/project_storage.h"

namespace stateferry::cli {

namespace {
namespace catalog = state::catalog;
using catalog::Difference;

Result<catalog::ComparedProject> Side(App& app, catalog::Catalog& known, std::size_t index) {
  SF_TRY(const auto project, ProjectArgument(app, known, index));
  const std::string& name = project.entity.key.name;
  SF_TRY(const auto workspace, catalog::Get(known, "", {"workspace", catalog::WorkspaceOf(name)}));
  SF_TRY(auto root, catalog::ProjectRoot(workspace.entity, name));
  return catalog::ComparedProject{name, std::move(root)};
}

void Show(App& app, const Difference& difference) {
  const auto& [kind, name] = difference.key;
  const bool both = difference.in == Difference::In::kBoth;
  const std::string where =
      both ? "both" : app.argument(difference.in == Difference::In::kFirst ? 0 : 1);
  app.out().Line(
      both ? fmt::format("different  {} '{}': {}", kind, name, fmt::join(difference.fields, ", "))
           : fmt::format("only in {}  {} '{}'", where, kind, name));
  app.out().Id(kind + " " + name);
  Json line = {{"type", "difference"}, {"kind", kind}, {"name", name}, {"in", where}};
  if (both) line["fields"] = difference.fields;
  app.out().Item(line);
}

Result<Outcome> RunProjectDiff(App& app) {
  SF_TRY(catalog::Catalog * known, app.OpenCatalog(true));
  SF_TRY(const auto first, Side(app, *known, 0));
  SF_TRY(const auto second, Side(app, *known, 1));
  const EntityFilter filter = EntityFilter::From(app);
  SF_TRY(const auto differences, catalog::CompareProjects(*known, first, second));
  std::uint64_t shown = 0;
  for (const Difference& difference : differences) {
    if (!filter.Takes(difference.key)) continue;
    ++shown;
    Show(app, difference);
  }
  if (shown == 0) app.out().Line("no difference");
  return Outcome{.code = shown == 0 ? ExitCode::kOk : ExitCode::kPartlyDone,
                 .status = shown == 0 ? "ok" : "different",
                 .summary = {{"differences", shown}}};
}
}  // namespace

Command ProjectDiffCommand() {
  return {.name = "project diff",
          .summary = "Compare two projects, entity by entity",
          .details =
              "Ids, people and times do not count, and a place in the storage of one project "
              "is the same as that place in the storage of the other, so that a fresh clone "
              "differs in nothing that travels.  Exits with 3 when there is a difference.",
          .arguments = {{"A", "WORKSPACE/PROJECT"}, {"B", "The other one"}},
          .options = EntityFilter::Options("Only"),
          .examples = {"stateferry project diff prod/orders standby/orders --kind deployment"},
          .run = RunProjectDiff};
}

}  // namespace stateferry::cli
