#include "cli/clone_lines.h"
#include "cli/commands/all.h"

namespace stateferry::cli {

namespace {
namespace workflow = state::workflow;

Result<Outcome> RunCloneHistory(App& app) {
  SF_TRY(auto* store, app.OpenRuns(true));
  const workflow::RunFilter filter{.kind = "clone",
                                   .source = app.options().Text("source"),
                                   .target = app.options().Text("target")};
  const std::string status =
      app.options().IsSet("status") ? app.options().Text("status") : std::string();
  SF_TRY(auto runs, store->List(filter));
  // What is shown is asked for: an interrupted run is none that is running.
  std::erase_if(runs, [&](const workflow::Run& run) {
    return !status.empty() && ShownStatus(app, run) != status;
  });
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
                                   "completed", "completed_with_failures", "failed", "interrupted"},
                       .only_on_command_line = true}},
          .examples = {"stateferry clone history --target ws-b/standby"},
          .run = RunCloneHistory};
}

}  // namespace stateferry::cli
