#include "cli/commands/all.h"
#include "cli/store_lines.h"
#include "cli/store_place.h"
#include "cli/units.h"

namespace stateferry::cli {

namespace {
Result<Outcome> RunStoreRebuildIndex(App& app) {
  namespace managed = storage::managed;
  SF_TRY(const auto place, StoreLocation(app, app.argument(0)));
  app.places().Give(place);
  SF_TRY(const managed::RebuildReport report,
         app.places().RebuildIndex(place, ShowStoreProgress(app, "rebuilding")));
  app.progress().Clear();
  for (const std::string& line : StoreInfoLines(report.uri, report.info)) app.out().Line(line);
  app.out().Id(report.info.id);
  Outcome outcome{.summary = StoreInfoJson(report.uri, report.info)};
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
          .run = RunStoreRebuildIndex};
}

}  // namespace stateferry::cli
