#include "cli/commands/all.h"
#include "cli/store_lines.h"
#include "cli/store_place.h"
#include "cli/units.h"

namespace stateferry::cli {

namespace {
Result<Outcome> Run(App& app) {
  namespace managed = storage::managed;
  SF_TRY(const managed::StorePath path, StorePathOf(app, app.argument(0)));
  SF_TRY(const managed::RebuildReport report,
         managed::RebuildIndex(app.io(), app.clock(), path.store_dir,
                               ShowStoreProgress(app, "rebuilding"), app.stop()));
  app.progress().Clear();
  for (const std::string& line : StoreInfoLines(path.store_dir, report.info)) app.out().Line(line);
  app.out().Id(report.info.id);
  Outcome outcome{.summary = StoreInfoJson(path.store_dir, report.info)};
  if (report.packs_left_out + report.records_left_out > 0) {
    app.out().Line("left out, being damaged: " + Count(report.packs_left_out, "pack") + ", " +
                   Count(report.records_left_out, "record"));
    outcome.summary["packsLeftOut"] = report.packs_left_out;
    outcome.summary["recordsLeftOut"] = report.records_left_out;
    outcome.code = ExitCode::kIntegrity;
    outcome.status = "damaged";
  }
  return outcome;
}
}  // namespace

Command StoreRebuildIndexCommand() {
  return {.name = "store rebuild-index",
          .summary = "Make the index of a managed store again from its packs alone",
          .details =
              "For a store whose index is lost or broken.  Nobody may use the store.  Exits with 7 "
              "when damaged packs or records had to be left out.",
          .arguments = {{"STORE", "A store, or any place in it"}},
          .options = {},
          .examples = {"stateferry store rebuild-index managed:///srv/store"},
          .dry_run = DryRun::kUnsupported,
          .stops_cleanly = true,
          .run = Run};
}

}  // namespace stateferry::cli
