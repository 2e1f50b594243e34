#pragma once
// How runs, their items and what a check found are shown.

#include <string>
#include <vector>

#include "base/json.h"
#include "cli/app.h"
#include "cli/command.h"
#include "state/clone/clone_plan.h"
#include "state/workflow/run_store.h"

namespace stateferry::cli {

/// "interrupted" when its process has ended before it has; else its status.  `run` as the records
/// have it that the App has open.
std::string ShownStatus(App& app, const state::workflow::Run& run);

/// Where a worker that goes on with `id` writes to.
std::string LogPathOf(const std::string& home, const std::string& id);
/// The same when there is one, else "".
std::string WorkerLog(App& app, const std::string& id);

/// One line: id, status, time, source and target.
std::string RunSummaryLine(App& app, const state::workflow::Run& run);
/// {"type":"clone",...} with counts by kind.
Json RunJson(App& app, const state::workflow::Run& run, const state::workflow::Totals& totals);
/// The same, and "warnings" and "findings": what the check has found.
Json WholeRunJson(App& app, const state::workflow::Run& run, const state::workflow::Totals& totals,
                  const std::vector<state::workflow::Finding>& findings);
/// Everything that is known of one: where, when, counts by kind, what was left out, and what the
/// check has found.
void PrintRun(App& app, const state::workflow::Run& run, const state::workflow::Totals& totals,
              const std::vector<state::workflow::Finding>& findings = {});
/// {"type":"item",...}
Json ItemJson(const state::workflow::Item& item);
/// Each error and warning of a check, errors first; all but the first error, which ends the
/// command.
void PrintFindings(App& app, const std::vector<state::workflow::Finding>& findings);
/// What would be made: counts by kind, the snapshots with their ages, the new names, what stays
/// out.
void PrintPlan(App& app, const state::clone::ClonePlan& plan);

/// Exit code, status and counts of a run that has ended.  `totals` as they are now.  Errors: of a
/// run that its check has refused, the first of what it has found.
Result<Outcome> RunOutcome(App& app, const state::workflow::Run& run,
                           const state::workflow::Totals& totals,
                           const std::vector<state::workflow::Finding>& findings);

/// Tells how a run has ended whose results are asked for, unless everything is there.  Errors:
/// kRefused while it has not ended, and when it has made nothing.
Result<void> CheckHasResults(App& app, const state::workflow::Run& run);

/// The run that argument `index` names.  Errors: kNotFound with the nearest id.
Result<state::workflow::Run> FindRun(App& app, std::size_t index);

}  // namespace stateferry::cli
