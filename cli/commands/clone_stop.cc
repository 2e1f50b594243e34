#include <fmt/format.h>

#include "cli/clone_lines.h"
#include "cli/clone_runner.h"
#include "cli/clone_watch.h"
#include "cli/commands/all.h"
#include "cli/transfer_flags.h"
#include "state/workflow/stop_request.h"

namespace stateferry::cli {

namespace {
Result<Outcome> Run(App& app) {
  SF_TRY(const std::string home, app.Home());
  SF_TRY(const auto run, FindRun(app, 0));
  if (state::workflow::IsTerminal(run.status))
    return Error(ErrorCode::kRefused, fmt::format("{} has ended already: {}", run.id,
                                                  state::workflow::RunStatusName(run.status)))
        .WithRule("C-48", "state");
  SF_TRY(state::workflow::RequestStop(app.io(), home, run.id));
  Result<Outcome> ended = Outcome{};
  app.CloseTables();
  SF_TRY(const auto now, FindRun(app, 0));
  if (!app.IsAtWork(now)) {
    // Nobody is there to read the request: this process ends it.
    app.CloseTables();
    SF_TRY(app.LockHome(run.id));
    ended = RunRecordedClone(app, run.id);
  } else if (app.options().Flag("no-wait")) {
    return Outcome{.status = "stopping", .summary = {{"id", run.id}}};
  } else {
    app.out().Note("no rollback: what it has made stays, and is listed by stateferry clone show " +
                   run.id + " --created");
    ended = WatchClone(app, run.id);
  }
  // One that ended before it read the request has left it behind.
  if (ended) SF_TRY(state::workflow::ForgetStopRequest(app.io(), home, run.id));
  // That it was stopped is what was asked for here.
  if (ended && ended->code == ExitCode::kStopped) ended->code = ExitCode::kOk;
  return ended;
}
}  // namespace

Command CloneStopCommand() {
  return {.name = "clone stop",
          .summary = "Stop a clone for good, after what it is moving just now",
          .details =
              "Entities that it has made stay, and `clone show --created` lists them; the "
              "state of a job that has only arrived in part is removed.  A stopped clone "
              "cannot go on.",
          .arguments = {{"ID", "The id of a clone"}},
          .options = WithMovingFlags({{.name = "no-wait",
                                       .help = "Do not wait until it has stopped",
                                       .only_on_command_line = true}}),
          .examples = {"stateferry clone stop clone-20261126-071500-3f2a9c1b"},
          .dry_run = DryRun::kUnsupported,
          .stops_cleanly = true,
          .run = Run};
}

}  // namespace stateferry::cli
