#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/commands/all.h"
#include "cli/store_lines.h"
#include "cli/store_place.h"

namespace stateferry::cli {

namespace {
Result<Outcome> Run(App& app) {
  namespace managed = storage::managed;
  SF_TRY(const managed::StorePath path, StorePathOf(app, app.argument(0)));
  SF_TRY(const auto store, managed::Store::Open(app.io(), app.clock(), path.store_dir,
                                                {.read_only = true, .compress = {}}));
  SF_TRY(const managed::StoreInfo info, store->Info());
  for (const std::string& line : StoreInfoLines(path.store_dir, info)) app.out().Line(line);
  app.out().Id(info.id);
  return Outcome{.summary = StoreInfoJson(path.store_dir, info)};
}
}  // namespace

Command StoreInfoCommand() {
  return {.name = "store info",
          .summary = "Show what a managed store holds",
          .details = "",
          .arguments = {{"STORE", "A store, or any place in it"}},
          .options = {},
          .examples = {"stateferry store info managed:///srv/store"},
          .run = Run};
}

}  // namespace stateferry::cli
