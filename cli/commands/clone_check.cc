#include "cli/clone_flags.h"
#include "cli/clone_lines.h"
#include "cli/commands/all.h"
#include "state/clone/clone_plan.h"
#include "state/workflow/run_locks.h"

namespace stateferry::cli {

namespace {
/// A clone that is at work on one of the projects keeps another one from starting.
Result<void> CheckNobodyIsAtWork(App& app, const state::clone::CloneRequest& request) {
  SF_TRY(auto* store, app.OpenRuns(true));
  SF_TRY(const auto runs, store->List({}));
  for (const auto& run : runs)
    if (app.IsAtWork(run))
      SF_TRY(state::workflow::CheckProjectsFree(request.source, request.target, run));
  return {};
}

Result<Outcome> RunCloneCheck(App& app) {
  SF_TRY(const auto request, CloneRequestFrom(app));
  SF_TRY(auto* catalog, app.OpenCatalog(true));
  SF_TRY(const auto plan,
         state::clone::PlanClone(request, {*catalog, app.places(), app.clock(), app.stop()}));
  PrintFindings(app, plan.findings);
  SF_TRY(state::workflow::FirstError(plan.findings));
  PrintPlan(app, plan);
  SF_TRY(CheckNobodyIsAtWork(app, request));
  app.out().Line("nothing is in the way of this clone");
  return Outcome{.summary = {{"items", plan.items.size()},
                             {"renames", plan.renames.size()},
                             {"snapshots", plan.snapshots.size()}}};
}
}  // namespace

Command CloneCheckCommand() {
  return {.name = "clone check",
          .summary = "Find what is in the way of a clone, and show what it would make",
          .details =
              "Checks all that `clone start` checks before it writes anything: region, "
              "architecture, storage, rights, versions, files, names, the age of each chosen "
              "snapshot.  Everything that is wrong is listed; the first of it decides the "
              "exit code.",
          .arguments = {{"SRC", "The project to clone, as WORKSPACE/PROJECT"},
                        {"DST", "The project that takes it"}},
          .options = CloneFlags(),
          .examples = {"stateferry clone check ws-a/prod ws-b/standby --account alice"},
          .run = RunCloneCheck};
}

}  // namespace stateferry::cli
