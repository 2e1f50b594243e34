#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/commands/all.h"
#include "cli/store_lines.h"
#include "cli/store_place.h"

namespace stateferry::cli {

namespace {
Result<Outcome> RunStoreInfo(App& app) {
  namespace managed = storage::managed;
  SF_TRY(const auto at, FindStore(app, app.argument(0), storage::Access::kRead));
  SF_TRY(const managed::StoreInfo info, at.store->Info());
  for (const std::string& line : StoreInfoLines(at.uri, info)) app.out().Line(line);
  app.out().Id(info.id);
  return Outcome{.summary = StoreInfoJson(at.uri, info)};
}
}  // namespace

Command StoreInfoCommand() {
  return {.name = "store info",
          .summary = "Show what a managed store holds",
          .details = "",
          .arguments = {{"STORE", "A store, or any place in it"}},
          .options = {},
          .examples = {"stateferry store info managed:///srv/store"},
          .run = RunStoreInfo};
}

}  // namespace stateferry::cli
