#include <fmt/format.h>

#include "cli/clone_lines.h"
#include "cli/commands/all.h"

namespace stateferry::cli {

namespace {
namespace workflow = state::workflow;

Result<Outcome> RunCloneRenames(App& app) {
  SF_TRY(const auto run, FindRun(app, 0));
  SF_TRY(CheckHasResults(app, run));
  SF_TRY(auto* store, app.OpenRuns(true));
  std::uint64_t count = 0;
  SF_TRY(store->VisitItems(run.id, [&](const workflow::Item& item) -> Result<void> {
    // What was not made has no new name.
    const bool made = item.status == workflow::ItemStatus::kSucceeded ||
                      item.status == workflow::ItemStatus::kDegradedStateless;
    if (!made || item.from.name == item.to.name) return {};
    ++count;
    app.out().Item({{"type", "rename"},
                    {"kind", item.from.kind},
                    {"from", item.from.name},
                    {"to", item.to.name}});
    app.out().Line(fmt::format("{:<16}  {}  ->  {}", item.from.kind, item.from.name, item.to.name));
    return {};
  }));
  if (count == 0) app.out().Note("everything kept its name");
  return Outcome{.status = ShownStatus(app, run), .summary = {{"id", run.id}, {"renames", count}}};
}
}  // namespace

Command CloneRenamesCommand() {
  return {.name = "clone renames",
          .summary = "List what got a new name at the target, with both names",
          .arguments = {{"ID", "The id of a clone"}},
          .examples = {"stateferry clone renames clone-20261126-071500-3f2a9c1b"},
          .run = RunCloneRenames};
}

}  // namespace stateferry::cli
