#include "cli/commands/all.h"
#include "cli/store_lines.h"
#include "cli/store_place.h"

namespace stateferry::cli {

namespace {
Result<Outcome> Run(App& app) {
  namespace managed = storage::managed;
  SF_TRY(const managed::StorePath path, StorePathOf(app, app.argument(0)));
  SF_TRY(const managed::StoreInfo info,
         managed::RebuildIndex(app.io(), app.clock(), path.store_dir,
                               ShowStoreProgress(app, "rebuilding"), app.stop()));
  app.progress().Clear();
  for (const std::string& line : StoreInfoLines(path.store_dir, info)) app.out().Line(line);
  app.out().Id(info.id);
  return Outcome{.summary = StoreInfoJson(path.store_dir, info)};
}
}  // namespace

Command StoreRebuildIndexCommand() {
  return {.name = "store rebuild-index",
          .summary = "Make the index of a managed store again from its packs alone",
          .details = "For a store whose index is lost or broken.  Nobody may use the store.",
          .arguments = {{"STORE", "A store, or any place in it"}},
          .options = {},
          .examples = {"stateferry store rebuild-index managed:///srv/store"},
          .dry_run = DryRun::kUnsupported,
          .stops_cleanly = true,
          .run = Run};
}

}  // namespace stateferry::cli
