#include <fmt/format.h>

#include "cli/clone_lines.h"
#include "cli/clone_runner.h"
#include "cli/commands/all.h"
#include "cli/transfer_flags.h"

namespace stateferry::cli {

namespace {
Result<Outcome> RunCloneResume(App& app) {
  SF_TRY(const auto run, FindRun(app, 0));
  if (state::workflow::IsTerminal(run.status))
    return Error(ErrorCode::kRefused, fmt::format("{} has ended: {}", run.id,
                                                  state::workflow::RunStatusName(run.status)))
        .WithRule("C-47", "state")
        .WithHint("start a new clone; what this one has made is listed by stateferry clone show " +
                  run.id + " --created");
  app.CloseTables();
  if (const auto locked = app.LockHome(run.id); !locked) {
    SF_TRY(const auto now, FindRun(app, 0));
    if (!app.IsAtWork(now)) return locked.error();
    return Error(ErrorCode::kLocked, run.id + " is at work already")
        .WithHint("stateferry clone watch " + run.id);
  }
  if (app.options().Flag("detach")) return DetachClone(app, run.id);
  return RunRecordedClone(app, run.id);
}
}  // namespace

Command CloneResumeCommand() {
  return {.name = "clone resume",
          .summary = "Go on with a clone whose process has ended before it has",
          .details =
              "What is at the target already is neither moved nor made again.  Options about "
              "moving bytes are those of this line.",
          .arguments = {{"ID", "The id of a clone"}},
          .options = WithMovingFlags({{.name = "detach",
                                       .help = "Let a process in the background do the work",
                                       .only_on_command_line = true}}),
          .examples = {"stateferry clone resume clone-20261126-071500-3f2a9c1b"},
          .dry_run = DryRun::kUnsupported,
          .stops_cleanly = true,
          .run = RunCloneResume};
}

}  // namespace stateferry::cli
