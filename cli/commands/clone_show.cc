#include <fmt/format.h>

#include "cli/clone_lines.h"
#include "cli/commands/all.h"
#include "state/clone/left_files.h"

namespace stateferry::cli {

namespace {
namespace workflow = state::workflow;
namespace catalog = state::catalog;

/// C-19: what is at the target now because of this clone.
Result<Outcome> ShowCreated(App& app, const workflow::Run& run) {
  SF_TRY(auto* records, app.OpenCatalog(true));
  std::uint64_t count = 0;
  SF_TRY(records->List(run.target, "", [&](const catalog::Record& record) -> Result<void> {
    if (record.made_by != run.id) return {};
    ++count;
    const auto& key = record.entity.key;
    const bool half = record.phase == catalog::Phase::kInitializing;
    app.out().Item({{"type", "created"},
                    {"project", run.target},
                    {"kind", key.kind},
                    {"name", key.name},
                    {"halfMade", half}});
    app.out().Line(fmt::format("{:<16}  {}{}", key.kind, key.name, half ? "  (half made)" : ""));
    return {};
  }));
  SF_TRY(auto* store, app.OpenRuns(true));
  const state::clone::ItemWalk walk = [&](const state::clone::ItemVisitor& visit) {
    return store->VisitItems(run.id, visit);
  };
  SF_TRY(const auto files, state::clone::LeftFiles(run, walk, *records, app.places()));
  for (const storage::Location& file : files) {
    app.out().Item({{"type", "created"}, {"project", run.target}, {"file", file.ToString()}});
    app.out().Line(
        fmt::format("{:<16}  {}  (of an item that was not made)", "file", file.ToString()));
  }
  SF_TRY(const auto states, state::clone::LeftStates(run, walk, *records, app.places()));
  for (const auto& state : states) {
    const std::string directory = state.directory.ToString();
    app.out().Item({{"type", "created"},
                    {"project", run.target},
                    {"stateDirectory", directory},
                    {"of", {{"kind", state.job.kind}, {"name", state.job.name}}},
                    {"message", state.why}});
    app.out().Line(fmt::format("{:<16}  {}  (for {} '{}': {})", "state", directory, state.job.kind,
                               state.job.name, state.why));
  }
  if (count == 0 && files.empty() && states.empty()) app.out().Note("nothing that it made is left");
  return Outcome{.summary = {{"id", run.id},
                             {"created", count},
                             {"files", files.size()},
                             {"stateDirectories", states.size()}}};
}

Result<Outcome> RunCloneShow(App& app) {
  SF_TRY(const auto run, FindRun(app, 0));
  if (app.options().Flag("created")) return ShowCreated(app, run);
  SF_TRY(auto* store, app.OpenRuns(true));
  SF_TRY(const auto totals, store->Count(run.id));
  SF_TRY(const auto findings, store->Findings(run.id));
  PrintRun(app, run, totals, findings);
  app.out().Id(run.id);
  const bool every_item = app.options().Flag("items");
  SF_TRY(store->VisitItems(run.id, [&](const workflow::Item& item) -> Result<void> {
    const bool troubled = item.status == workflow::ItemStatus::kFailed ||
                          item.status == workflow::ItemStatus::kDegradedStateless;
    if (!every_item && !troubled) return {};
    app.out().Item(ItemJson(item));
    app.out().Line(fmt::format("  {:<18}  {:<16}  {}{}", workflow::ItemStatusName(item.status),
                               item.from.kind, item.from.name,
                               item.reason.empty() ? "" : ": " + item.reason));
    return {};
  }));
  Json summary = WholeRunJson(app, run, totals, findings);
  summary.erase("type");
  return Outcome{.summary = std::move(summary)};
}
}  // namespace

Command CloneShowCommand() {
  return {
      .name = "clone show",
      .summary = "Show a clone with its counts by kind and what failed",
      .details =
          "With --created: the entities at the target that it has made and that are "
          "still there, files that it has moved for items which then failed or were stopped, "
          "and the directories of snapshots that could not be removed or whose clone has not "
          "ended, with the reason.  There is no rollback; what is not wanted is deleted by hand, "
          "entities with `project remove`.",
      .arguments = {{"ID", "The id of a clone"}},
      .options = {{.name = "created",
                   .help = "List the entities that it has made",
                   .only_on_command_line = true},
                  {.name = "items",
                   .help = "All items, not only those with trouble",
                   .only_on_command_line = true}},
      .examples = {"stateferry clone show clone-20261126-071500-3f2a9c1b --created"},
      .run = RunCloneShow};
}

}  // namespace stateferry::cli
