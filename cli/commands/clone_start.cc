#include <random>

#include "cli/clone_flags.h"
#include "cli/clone_lines.h"
#include "cli/clone_runner.h"
#include "cli/commands/all.h"
#include "cli/transfer_flags.h"
#include "state/clone/clone_run.h"
#include "state/workflow/at_work.h"
#include "state/workflow/stop_request.h"

namespace stateferry::cli {

namespace {
Result<void> LockFor(App& app, const state::clone::CloneRequest& request, const std::string& id) {
  const auto locked = app.LockHome(id);
  if (locked) return {};
  if (locked.error().code() != ErrorCode::kLocked) return locked.error();
  SF_TRY(const std::string home, app.Home());
  return state::workflow::WhyLocked(app.io(), app.clock(), home, request.source, request.target,
                                    locked.error());
}

Result<Outcome> RunCloneStart(App& app) {
  SF_TRY(const auto request, CloneRequestFrom(app));
  const std::string id = state::clone::NewCloneId(app.clock(), std::random_device()());
  SF_TRY(LockFor(app, request, id));
  SF_TRY(auto* store, app.OpenRuns(false));
  if (app.options().Flag("detach")) {
    SF_TRY(state::clone::RecordClone(request, id, app.clock(), *store));
    PrintFindings(app, {state::clone::NoWayBack(request.target)});
    return DetachClone(app, id);
  }
  SF_TRY(const std::string home, app.Home());
  SF_TRY(auto* catalog, app.OpenCatalog(false));
  auto started = state::clone::StartClone(
      request, id, {*catalog, app.places(), app.clock(), app.stop()}, *store,
      [&] { return state::workflow::StopRequested(app.io(), home, id); });
  if (!started) return AboutClone(std::move(started).error(), id);
  PrintFindings(app, started->plan.findings);
  SF_TRY(state::workflow::FirstError(started->plan.findings));
  app.out().Id(id);
  app.out().Line("clone " + id);
  app.out().Line("view cloning progress: stateferry clone watch " + id);
  return RunRecordedClone(app, id);
}
}  // namespace

Command CloneStartCommand() {
  std::vector<OptionSpec> options = CloneFlags();
  options.push_back({.name = "detach",
                     .help = "Print the id at once and let a process in the background do the work",
                     .only_on_command_line = true});
  return {
      .name = "clone start",
      .summary = "Clone a project into another one",
      .details =
          "Checks first, as `clone check` does; of a clone that this refuses nothing is left.  "
          "Then "
          "every selected entity is made at the target, with its files and the newest snapshot of "
          "each job; what has a name that the target knows already gets a new one.  Jobs and "
          "session clusters stay stopped.  There is no rollback: what a stopped or failed clone "
          "has "
          "made stays, and `clone show --created` lists it.\n"
          "A clone that was interrupted goes on with `clone resume`: by Ctrl-C, a crash, or an "
          "error that is not about one item, such as storage that does not answer, a full disk, a "
          "lock or rights that are gone, also while it is checked.  Such an error fails no item "
          "and leaves no state out, whatever --on-error says; the exit code is that of the error.  "
          "Exits with 3 when some items failed and the others are there.",
      .arguments = {{"SRC", "The project to clone, as WORKSPACE/PROJECT"},
                    {"DST", "The project that takes it"}},
      .options = WithMovingFlags(std::move(options)),
      .examples =
          {"stateferry clone start ws-a/prod ws-b/standby --account alice --detach",
           "stateferry clone start ws-a/prod ws-b/standby --account alice --kind deployment "
           "--name 'orders*' --running include --on-error stateless"},
      .dry_run = DryRun::kUnsupported,
      .stops_cleanly = true,
      .run = RunCloneStart};
}

}  // namespace stateferry::cli
