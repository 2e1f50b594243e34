#include <fmt/format.h>

#include "cli/commands/all.h"
#include "cli/units.h"
#include "transfer/manage.h"

namespace stateferry::cli {

namespace {
Result<Outcome> RunTransferPrune(App& app) {
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(
      app.options().Age("older-than", app.clock()));
  SF_TRY(const auto existing, app.ExistingJournal());
  transfer::PruneReport report;
  if (existing) {
    app.CloseHome();
    SF_TRY(transfer::Journal * journal, app.OpenJournal(false));
    SF_TRY(report, transfer::PruneTransfers(age, *journal, app.places(), app.clock()));
  }
  app.out().Line(fmt::format("removed {}", Count(report.removed, "record")));
  if (report.uploads_aborted > 0)
    app.out().Line(
        fmt::format("dropped {} that nobody finished", Count(report.uploads_aborted, "upload")));
  if (report.kept_unreachable > 0)
    app.out().Warning(fmt::format("kept {} whose destination cannot be opened now",
                                  Count(report.kept_unreachable, "record")));
  Outcome outcome{.summary = {{"removed", report.removed},
                              {"uploadsAborted", report.uploads_aborted},
                              {"keptUnreachable", report.kept_unreachable}}};
  if (report.removed == 0 && app.options().Flag("fail-if-nothing")) {
    outcome.code = ExitCode::kNothingToDo;
    outcome.status = "nothing_to_do";
  }
  return outcome;
}
}  // namespace

Command TransferPruneCommand() {
  return {
      .name = "transfer prune",
      .summary = "Remove the records of transfers that are over",
      .details =
          "Whatever was last touched long enough ago and does not run.  Uploads that unfinished "
          "ones hold at their destinations are dropped, and there also those that killed runs "
          "have left, once they are a day old.",
      .options = {{.name = "older-than",
                   .kind = ValueKind::kAge,
                   .value_name = "AGE",
                   .help = "Only what was touched before this age or time",
                   .default_text = "30d"},
                  {.name = "fail-if-nothing", .help = "Exit with 9 when there was nothing to do"}},
      .examples = {"stateferry transfer prune --older-than 7d"},
      .dry_run = DryRun::kUnsupported,
      .run = RunTransferPrune};
}

}  // namespace stateferry::cli
