#include <fmt/format.h>

#include "cli/clone_lines.h"
#include "cli/clone_runner.h"
#include "cli/clone_watch.h"
#include "cli/commands/all.h"
#include "cli/transfer_flags.h"
#include "state/workflow/stop_request.h"

namespace stateferry::cli {

namespace {
/// Another process is there to end it.
bool IsBeingStopped(App& app) {
  app.CloseTables();
  const auto now = FindRun(app, 0);
  return now && app.IsAtWork(*now);
}

/// Asks its process to end the run; where there is none this one does.  `here` is then true.
Result<Outcome> Stop(App& app, const std::string& id, bool& here) {
  app.CloseTables();
  SF_TRY(const auto now, FindRun(app, 0));
  if (!app.IsAtWork(now)) {
    app.CloseTables();
    SF_TRY(app.LockHome(id));
    here = true;
    return RunRecordedClone(app, id);
  }
  app.out().Note("no rollback: what it has made stays, and is listed by stateferry clone show " +
                 id + " --created");
  return WatchClone(app, id);
}

Result<Outcome> RunCloneStop(App& app) {
  SF_TRY(const std::string home, app.Home());
  SF_TRY(const auto run, FindRun(app, 0));
  if (state::workflow::IsTerminal(run.status))
    return Error(ErrorCode::kRefused, fmt::format("{} has ended already: {}", run.id,
                                                  state::workflow::RunStatusName(run.status)))
        .WithRule("C-48", "state");
  SF_TRY(state::workflow::RequestStop(app.io(), home, run.id));
  if (app.options().Flag("no-wait") && IsBeingStopped(app))
    return Outcome{.status = "stopping", .summary = {{"id", run.id}}};
  bool here = false;
  auto ended = Stop(app, run.id, here);
  // Left behind, a request would end the run as soon as somebody goes on with it.
  if (ended || here || !IsBeingStopped(app)) {
    const auto forgotten = state::workflow::ForgetStopRequest(app.io(), home, run.id);
    if (ended) SF_TRY(forgotten);
  }
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
          .run = RunCloneStop};
}

}  // namespace stateferry::cli
