#include "cli/clone_watch.h"

#include <fmt/format.h>

#include <chrono>

#include "cli/clone_lines.h"
#include "cli/clone_progress.h"

namespace stateferry::cli {

namespace {
namespace workflow = state::workflow;
constexpr std::chrono::milliseconds kBetweenLooks{300};

/// The job whose state is on its way.
Result<void> ShowJob(workflow::RunStore& store, const std::string& id,
                     const workflow::Totals& totals, CloneProgress& progress) {
  SF_TRY(const auto copying, store.WithStatus(id, workflow::ItemStatus::kCopyingState));
  for (const workflow::Item& item : copying) progress.OnItem(item, totals);
  return {};
}
/// What the last process has ended with, with its exit code; 10 when it was killed.
Error Interrupted(App& app, const std::string& id, const std::vector<workflow::Finding>& findings) {
  std::string hint = "stateferry clone resume " + id + " goes on from there";
  if (const std::string log = WorkerLog(app, id); !log.empty()) hint += "; its log is " + log;
  const std::string what = "the process of " + id + " has ended before it has";
  const auto why = workflow::FirstError(findings);
  if (why) return Error(ErrorCode::kCancelled, what).WithHint(std::move(hint));
  if (!why.error().hint().empty()) hint = why.error().hint() + "; " + hint;
  return why.error().WithContext(what).WithHint(std::move(hint));
}
}  // namespace

Result<Outcome> WatchClone(App& app, const std::string& id) {
  CloneProgress progress(app);
  for (;;) {
    // A store that is open for reading stands still.
    app.CloseTables();
    SF_TRY(auto* store, app.OpenRuns(true));
    SF_TRY(const auto run, workflow::GetRun(*store, id));
    SF_TRY(const auto totals, store->Count(id));
    const bool interrupted = ShownStatus(app, run) == "interrupted";
    if (workflow::IsTerminal(run.status) || interrupted) {
      app.progress().Clear();
      SF_TRY(const auto findings, store->Findings(id));
      PrintRun(app, run, totals, findings);
      if (interrupted) return Interrupted(app, id, findings);
      return RunOutcome(app, run, totals, findings);
    }
    progress.OnRun(run, totals);
    SF_TRY(ShowJob(*store, id, totals, progress));
    if (!app.clock().Sleep(kBetweenLooks, app.stop())) {
      app.progress().Clear();
      return Error(ErrorCode::kCancelled, "stopped watching; " + id + " goes on");
    }
  }
}

}  // namespace stateferry::cli
