#include <fmt/format.h>

#include "cli/commands/all.h"
#include "cli/transfer_flags.h"
#include "state/snapshot/relocate.h"

namespace stateferry::cli {

namespace {
Result<Outcome> Run(App& app) {
  SF_TRY(const storage::Location from, app.Location(0));
  SF_TRY(const storage::Location to, app.Location(1));
  SF_TRY(const transfer::TransferEnv env, app.TransferEnvironment());
  SF_TRY(const transfer::TransferReport report,
         state::snapshot::CopyTree(from, to, RecordedCommand(app, {from, to}),
                                   TransferOptionsFrom(app), env));
  app.progress().Clear();
  Output& out = app.out();
  const bool failed = report.failures_total > 0;
  out.Line(fmt::format("{}  {}",
                       app.dry_run()         ? "would copy"
                       : failed              ? "tried     "
                       : report.already_done ? "was there "
                                             : "copied    ",
                       from.ToString()));
  out.Line("to          " + to.ToString());
  for (const std::string& line : ReportLines(report)) out.Line(line);
  out.Id(report.id);
  return TransferOutcome(app, report);
}
}  // namespace

Command CopyCommand() {
  return {.name = "copy",
          .summary = "Copy a directory or prefix as it is, verified and resumable",
          .details =
              "Files arrive with the names and bytes they have.  Use relocate for a "
              "snapshot that has to restore at the new place.  The same command again "
              "goes on where an earlier run stopped, or finds nothing to do.",
          .arguments = {{"SRC", "Where the files are"}, {"DST", "Where they go"}},
          .options = TransferFlags(),
          .examples = {"stateferry copy /bucket/cp managed:///srv/store/jobs/cp",
                       "stateferry copy managed:///srv/store/jobs/cp /bucket2/cp"},
          .dry_run = DryRun::kSupported,
          .stops_cleanly = true,
          .run = Run};
}

}  // namespace stateferry::cli
