#include "cli/commands/all.h"
#include "cli/store_place.h"

namespace stateferry::cli {

namespace {
Result<Outcome> Run(App& app) {
  SF_TRY(const std::string dir, StoreDirectory(app, app.argument(0)));
  SF_TRY(storage::managed::Store::Init(app.io(), app.clock(), dir));
  app.out().Line("made the store managed://" + dir);
  app.out().Id("managed://" + dir);
  return Outcome{.summary = {{"store", "managed://" + dir}}};
}
}  // namespace

Command StoreInitCommand() {
  return {.name = "store init",
          .summary = "Make an empty managed store in a directory",
          .details = "The directory must be absent or empty and outside any other store.",
          .arguments = {{"STORE", "A path, or managed:///path"}},
          .options = {},
          .examples = {"stateferry store init /srv/store"},
          .dry_run = DryRun::kUnsupported,
          .run = Run};
}

}  // namespace stateferry::cli
