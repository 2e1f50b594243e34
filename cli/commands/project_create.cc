#include <fmt/format.h>

#include "cli/commands/all.h"
#include "state/catalog/new_project.h"

namespace stateferry::cli {

namespace {
Result<Outcome> RunProjectCreate(App& app) {
  const OptionValues& options = app.options();
  state::catalog::NewProject project{.name = app.argument(0),
                                     .region = options.Text("region"),
                                     .architecture = options.Text("architecture"),
                                     .owner = options.Text("owner")};
  if (const std::string storage = options.Text("storage"); !storage.empty()) {
    SF_TRY(const storage::Location place, ParsePlace(storage));
    project.storage = place.ToUri();
  }
  SF_TRY(state::catalog::Catalog * catalog, app.OpenCatalog(false));
  SF_TRY(const bool workspace_made, state::catalog::CreateProject(*catalog, project));
  app.out().Line(
      fmt::format("made project {}{}", project.name, workspace_made ? " and its workspace" : ""));
  app.out().Id(project.name);
  return Outcome{.summary = {{"project", project.name}, {"workspaceMade", workspace_made}}};
}
}  // namespace

Command ProjectCreateCommand() {
  return {.name = "project create",
          .summary = "Make an empty project, and its workspace where there is none yet",
          .details =
              "A workspace has a region, an architecture, and either a bucket or managed "
              "storage, in which each of its projects has a directory of its own.",
          .arguments = {{"NAME", "WORKSPACE/PROJECT"}},
          .options = {{.name = "region",
                       .kind = ValueKind::kText,
                       .value_name = "REGION",
                       .help = "Region of a new workspace",
                       .only_on_command_line = true},
                      {.name = "architecture",
                       .kind = ValueKind::kChoice,
                       .value_name = "ARCH",
                       .help = "Architecture of a new workspace",
                       .choices = {"x86", "arm"},
                       .only_on_command_line = true},
                      {.name = "storage",
                       .kind = ValueKind::kPath,
                       .value_name = "PLACE",
                       .help = "Where a new workspace keeps its bytes: a bucket, a directory, or "
                               "managed://STORE/NAME",
                       .only_on_command_line = true},
                      {.name = "owner",
                       .kind = ValueKind::kText,
                       .value_name = "ACCOUNT",
                       .help = "Owner of a new workspace",
                       .only_on_command_line = true}},
          .examples = {"stateferry project create prod/orders --region cn-hangzhou "
                       "--architecture x86 --storage oss://state/prod --owner alice",
                       "stateferry project create prod/billing"},
          .dry_run = DryRun::kUnsupported,
          .run = RunProjectCreate};
}

}  // namespace stateferry::cli
