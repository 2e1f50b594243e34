#include "cli/clone_watch.h"

#include "cli/clone_lines.h"
#include "cli/commands/all.h"

namespace stateferry::cli {

namespace {
Result<Outcome> RunCloneWatch(App& app) {
  SF_TRY(const auto run, FindRun(app, 0));
  return WatchClone(app, run.id);
}
}  // namespace

Command CloneWatchCommand() {
  return {.name = "clone watch",
          .summary = "Show the progress of a clone until it has ended",
          .details =
              "Ends with the exit code of the clone, or of the error that has interrupted it.  "
              "Ending the watch leaves the clone alone.",
          .arguments = {{"ID", "The id of a clone"}},
          .examples = {"stateferry clone watch clone-20261126-071500-3f2a9c1b"},
          .stops_cleanly = true,
          .run = RunCloneWatch};
}

}  // namespace stateferry::cli
