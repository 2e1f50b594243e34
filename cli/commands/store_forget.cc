#include <fmt/format.h>

#include "cli/commands/all.h"
#include "cli/store_place.h"
#include "cli/transfer_flags.h"
#include "cli/units.h"

namespace stateferry::cli {

namespace {
/// How many files `forget` would drop.
Result<std::uint64_t> CountFiles(const storage::Places::StoreAt& path) {
  SF_TRY(const auto project, path.store->Project(path.project));
  std::uint64_t files = 0;
  const std::string below = path.key.empty() ? "" : path.key + "/";
  SF_TRY(project->List(path.key, [&](const storage::ObjectMeta& object) -> Result<void> {
    if (object.key == path.key || object.key.starts_with(below)) ++files;
    return {};
  }));
  return files;
}

Result<Outcome> RunStoreForget(App& app) {
  SF_TRY(storage::Location target, StoreLocation(app, app.argument(0)));
  if (!app.argument(1).empty()) {
    const auto options = target.options;
    SF_TRY(target, storage::ParseLocation(target.ToString() + "/" + app.argument(1)));
    target.options = options;
  }
  SF_TRY(const auto path,
         FindStore(app, target, app.dry_run() ? storage::Access::kRead : storage::Access::kWrite));
  if (path.project.empty())
    return Error(ErrorCode::kInvalidArgument,
                 "store forget needs a project or a snapshot in the store, not the whole store")
        .WithHint("write managed:///STORE/PROJECT/KEY");
  const std::string name =
      fmt::format("{}/{}{}{}", path.uri, path.project, path.key.empty() ? "" : "/", path.key);
  SF_TRY(std::uint64_t files, CountFiles(path));
  if (files == 0) return Error(ErrorCode::kNotFound, fmt::format("{}: nothing is there", name));
  if (!app.dry_run()) {
    SF_TRY(app.Confirm(fmt::format("forget {} in {}?", Count(files, "file"), name)));
    SF_TRY(files, path.store->Forget(path.project, path.key));
  }
  app.out().Line(fmt::format("{} {} in {}", app.dry_run() ? "would forget" : "forgot",
                             Count(files, "file"), name));
  if (!app.dry_run()) app.out().Note("`stateferry store gc` gives the space back");
  return Outcome{.status = app.dry_run() ? "dry_run" : "ok",
                 .summary = {{"location", name}, {"files", files}}};
}
}  // namespace

Command StoreForgetCommand() {
  return {.name = "store forget",
          .summary = "Drop a snapshot from a managed store",
          .details =
              "Other snapshots keep what they share with it.  The space comes back with "
              "`store gc`.",
          .arguments = {{"SNAPSHOT", "managed:///STORE/PROJECT/KEY, or a store"},
                        {.name = "PROJECT/KEY",
                         .help = "The snapshot, when the first argument is a store",
                         .required = false}},
          .options = WithNewObjectFlags({}),
          .examples = {"stateferry store forget managed:///srv/store/orders/chk-42 --yes"},
          .dry_run = DryRun::kSupported,
          .run = RunStoreForget};
}

}  // namespace stateferry::cli
