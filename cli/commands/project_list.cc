#include <fmt/format.h>

#include "cli/commands/all.h"
#include "cli/table.h"
#include "state/catalog/project_storage.h"

namespace stateferry::cli {

namespace {
namespace catalog = state::catalog;

/// The place of a workspace's bytes.
std::string StorageOf(const Json& workspace) {
  const Json storage = workspace.value("storage", Json::object());
  return JsonString(storage, storage.contains("managed") ? "managed" : "bucket").value_or("");
}

Result<Outcome> RunProjectList(App& app) {
  SF_TRY(catalog::Catalog * known, app.OpenCatalog(true));
  SF_TRY(const auto projects, catalog::ListAll(*known, "", "project"));
  Table table({{"PROJECT"}, {"REGION"}, {"ARCH"}, {"ENTITIES", true}, {"STORAGE"}});
  for (const catalog::Record& project : projects) {
    const std::string& name = project.entity.key.name;
    std::uint64_t entities = 0;
    SF_TRY(known->List(name, "", [&](const catalog::Record&) -> Result<void> {
      ++entities;
      return {};
    }));
    SF_TRY(const auto workspace, known->Find("", {"workspace", state::catalog::WorkspaceOf(name)}));
    const Json body = workspace ? workspace->entity.body : Json::object();
    const std::string region = JsonString(body, "region").value_or(""),
                      architecture = JsonString(body, "architecture").value_or("");
    table.Add({name, region, architecture, std::to_string(entities), StorageOf(body)});
    app.out().Id(name);
    app.out().Item({{"type", "project"},
                    {"name", name},
                    {"region", region},
                    {"architecture", architecture},
                    {"storage", StorageOf(body)},
                    {"entities", entities},
                    {"created", project.created},
                    {"updated", project.updated}});
  }
  if (table.empty()) app.out().Note("no projects");
  if (!table.empty())
    for (const std::string& line : table.Lines()) app.out().Line(line);
  return Outcome{.summary = {{"projects", projects.size()}}};
}
}  // namespace

Command ProjectListCommand() {
  return {.name = "project list",
          .summary = "List the projects of this home",
          .details = "In order of their names, each with what its workspace is like.",
          .examples = {"stateferry project list"},
          .run = RunProjectList};
}

}  // namespace stateferry::cli
