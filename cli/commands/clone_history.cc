#include "cli/clone_lines.h"
#include "cli/commands/all.h"
#include "state/workflow/run_json.h"

namespace stateferry::cli {

namespace {
namespace workflow = state::workflow;

Result<Outcome> Run(App& app) {
  SF_TRY(auto* store, app.OpenRuns(true));
  workflow::RunFilter filter{.kind = "clone",
                             .source = app.options().Text("source"),
                             .target = app.options().Text("target")};
  if (app.options().IsSet("status"))
    filter.status = workflow::RunStatusFromName(app.options().Text("status"));
  SF_TRY(const auto runs, store->List(filter));
  for (const workflow::Run& run : runs) {
    SF_TRY(const auto totals, store->Count(run.id));
    app.out().Item(RunJson(app, run, totals));
    app.out().Id(run.id);
    app.out().Line(RunSummaryLine(app, run));
  }
  if (runs.empty()) app.out().Note("no clones");
  return Outcome{.summary = {{"clones", runs.size()}}};
}
}  // namespace

Command CloneHistoryCommand() {
  return {.name = "clone history",
          .summary = "List the clones of this home",
          .details = "Oldest first.",
          .arguments = {},
          .options = {{.name = "target",
                       .kind = ValueKind::kText,
                       .value_name = "PROJECT",
                       .help = "Only those into this project",
                       .only_on_command_line = true},
                      {.name = "source",
                       .kind = ValueKind::kText,
                       .value_name = "PROJECT",
                       .help = "Only those of this project",
                       .only_on_command_line = true},
                      {.name = "status",
                       .kind = ValueKind::kChoice,
                       .value_name = "STATUS",
                       .help = "Only those in this state",
                       .choices = {"pending", "checking", "running", "stopping", "stopped",
                                   "completed", "completed_with_failures", "failed"},
                       .only_on_command_line = true}},
          .examples = {"stateferry clone history --target ws-b/standby"},
          .run = Run};
}

}  // namespace stateferry::cli
