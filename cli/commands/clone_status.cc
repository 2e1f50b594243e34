#include "cli/clone_lines.h"
#include "cli/commands/all.h"

namespace stateferry::cli {

namespace {
namespace workflow = state::workflow;

Result<Outcome> RunCloneStatus(App& app) {
  SF_TRY(auto* store, app.OpenRuns(true));
  std::vector<workflow::Run> runs;
  if (!app.argument(0).empty()) {
    SF_TRY(const auto run, FindRun(app, 0));
    runs.push_back(run);
  } else {
    SF_TRY(const auto all, store->List({}));
    for (const workflow::Run& run : all)
      if (!workflow::IsTerminal(run.status)) runs.push_back(run);
  }
  for (const workflow::Run& run : runs) {
    SF_TRY(const auto totals, store->Count(run.id));
    SF_TRY(const auto findings, store->Findings(run.id));
    app.out().Item(WholeRunJson(app, run, totals, findings));
    if (app.out().quiet())
      app.out().Id(app.argument(0).empty() ? run.id : ShownStatus(app, run));
    else
      PrintRun(app, run, totals, findings);
  }
  if (runs.empty()) app.out().Note("no clone is under way");
  return Outcome{.summary = {{"clones", runs.size()}}};
}
}  // namespace

Command CloneStatusCommand() {
  return {.name = "clone status",
          .summary = "Show how far a clone is, or all that have not ended",
          .details =
              "A clone is `interrupted` when its process has ended before it has; `clone "
              "resume` goes on with it.  With -q only the status is printed.",
          .arguments = {{.name = "ID", .help = "The id of a clone", .required = false}},
          .examples = {"stateferry clone status",
                       "stateferry clone status -q "
                       "clone-20261126-071500-3f2a9c1b"},
          .run = RunCloneStatus};
}

}  // namespace stateferry::cli
