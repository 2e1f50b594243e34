#include <fmt/format.h>

#include "cli/commands/all.h"
#include "cli/project_flags.h"
#include "cli/units.h"
#include "state/catalog/remove_entities.h"

namespace stateferry::cli {

namespace {
namespace catalog = state::catalog;

Result<Outcome> RunProjectRemove(App& app) {
  const EntityFilter filter = EntityFilter::From(app);
  const std::string made_by = app.options().Text("made-by");
  if (!filter.IsSet() && made_by.empty())
    return Error(ErrorCode::kInvalidArgument, "project remove is not told what to remove")
        .WithHint("choose by --kind, --name or --made-by; --name '*' is everything");
  SF_TRY(catalog::Catalog * known, app.OpenCatalog(app.dry_run()));
  SF_TRY(const auto project, ProjectArgument(app, *known, 0));
  const std::string& name = project.entity.key.name;
  SF_TRY(const auto removal, catalog::PlanRemoval(*known, name, [&](const catalog::Record& record) {
           return filter.Takes(record.entity.key) && (made_by.empty() || record.made_by == made_by);
         }));
  for (const auto& record : removal.records) {
    const auto& [kind, entity] = record.entity.key;
    app.out().Line(fmt::format("{:<16}  {}", kind, entity));
    app.out().Id(kind + " " + entity);
    app.out().Item({{"type", "removed"}, {"project", name}, {"kind", kind}, {"name", entity}});
  }
  const std::uint64_t count = removal.records.size();
  const Json summary = {{"project", name}, {"removed", count}};
  if (count == 0) {
    app.out().Note("no such entities");
    return Outcome{.status = "nothing_to_do", .summary = summary};
  }
  SF_TRY(catalog::MayBeRemoved(removal));
  if (app.dry_run()) {
    app.out().Line(fmt::format("would remove {} of {}", Count(count, "entity", "entities"), name));
    return Outcome{.status = "dry_run", .summary = summary};
  }
  SF_TRY(app.Confirm(fmt::format("remove {} of {}?", Count(count, "entity", "entities"), name)));
  SF_TRY(catalog::RemoveEntities(*known, name, removal));
  app.out().Line(fmt::format("removed {} of {}", Count(count, "entity", "entities"), name));
  return Outcome{.summary = summary};
}
}  // namespace

Command ProjectRemoveCommand() {
  std::vector<OptionSpec> options = EntityFilter::Options("Only");
  options.push_back({.name = "made-by",
                     .kind = ValueKind::kText,
                     .value_name = "CLONE",
                     .help = "Only what this clone has made",
                     .only_on_command_line = true});
  return {
      .name = "project remove",
      .summary = "Take entities out of a project",
      .details =
          "All that is chosen, or nothing: it refuses while a field of something that stays refers "
          "to one of them, or a run has not ended.  What is named in texts only, as a variable in "
          "SQL is, or by the place of a file, is not looked for.  Files and snapshots stay in "
          "storage; `store forget` and `clone show CLONE --created` help with those.",
      .arguments = {{"PROJECT", "WORKSPACE/PROJECT"}},
      .options = std::move(options),
      .examples = {"stateferry project remove standby/orders --made-by CLONE --dry-run",
                   "stateferry project remove standby/orders --kind variable --name 'old_*' "
                   "--yes"},
      .dry_run = DryRun::kSupported,
      .run = RunProjectRemove};
}

}  // namespace stateferry::cli
