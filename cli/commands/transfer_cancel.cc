#include "cli/commands/all.h"
#include "cli/record_lines.h"
#include "transfer/manage.h"

namespace stateferry::cli {

namespace {
Result<Outcome> RunTransferCancel(App& app) {
  // Looked up first with a reading journal: a wrong id must not wait for, or make, a home.
  SF_TRY(const transfer::TransferRecord known, FindRecord(app, 0));
  app.CloseHome();
  SF_TRY(transfer::Journal * journal, app.OpenJournal(false));
  SF_TRY(const transfer::TransferRecord record,
         transfer::CancelTransfer(known.id, *journal, app.places(), app.clock()));
  app.out().Line("cancelled " + record.id + ": " + record.from + " -> " + record.to);
  app.out().Id(record.id);
  Json summary = RecordJson(record);
  summary.erase("type");
  return Outcome{.summary = std::move(summary)};
}
}  // namespace

Command TransferCancelCommand() {
  return {.name = "transfer cancel",
          .summary = "Give up a transfer that is neither running nor committed",
          .details =
              "Drops its plan and its unfinished uploads.  Files that are complete at the "
              "destination stay; the same command later starts a new plan and, as with anything "
              "it finds there, compares them.  A transfer that was only stopped is in the state "
              "cancelled too, but goes on where it was.",
          .arguments = {{"ID", "The id of a transfer"}},
          .examples = {"stateferry transfer cancel 0123456789abcdef"},
          .dry_run = DryRun::kUnsupported,
          .run = RunTransferCancel};
}

}  // namespace stateferry::cli
