#include "cli/commands/all.h"
#include "cli/store_place.h"
#include "cli/transfer_flags.h"

namespace stateferry::cli {

namespace {
Result<Outcome> RunStoreInit(App& app) {
  SF_TRY(const storage::Location place, StoreLocation(app, app.argument(0)));
  SF_TRY(CheckNewObjectFlags(app.options(), place, "STORE"));
  app.places().Give(place);
  SF_TRY(app.places().InitStore(place));
  const std::string uri = place.ToString();
  app.out().Line("made the store " + uri);
  app.out().Id(uri);
  return Outcome{.summary = {{"store", uri}}};
}
}  // namespace

Command StoreInitCommand() {
  return {.name = "store init",
          .summary = "Make an empty managed store in a directory or in a bucket",
          .details =
              "The directory must be absent or empty and outside any other store; of a "
              "bucket, the prefix.  Any number of machines may write into a store in a "
              "bucket.",
          .arguments = {{"STORE", "A path, managed:///path, or managed+s3://BUCKET/PREFIX"}},
          .options = WithNewObjectFlags({}),
          .examples = {"stateferry store init /srv/store",
                       "stateferry store init managed+s3://backup/ferry"},
          .dry_run = DryRun::kUnsupported,
          .run = RunStoreInit};
}

}  // namespace stateferry::cli
