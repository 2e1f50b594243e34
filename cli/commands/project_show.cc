#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cli/commands/all.h"
#include "cli/project_flags.h"
#include "cli/table.h"
#include "state/entities/kinds.h"

namespace stateferry::cli {

namespace {
namespace catalog = state::catalog;
namespace entities = state::entities;

void ShowCounts(const std::map<std::string, std::uint64_t>& counts, Output& out) {
  Table table({{""}, {"", true}});
  for (const auto& kind : entities::Kinds())
    if (const auto it = counts.find(std::string(kind.name())); it != counts.end())
      table.Add({it->first, std::to_string(it->second)});
  for (const std::string& line : table.Lines()) out.Line(line);
}

void ShowEntity(const catalog::Record& record, Output& out, Table& table) {
  const auto& key = record.entity.key;
  const bool ready = record.phase == catalog::Phase::kReady;
  table.Add({key.kind, key.name, std::to_string(record.version),
             ready ? record.updated : "half made", record.made_by});
  out.Id(key.kind + " " + key.name);
  Json line = {{"type", "entity"},          {"kind", key.kind}, {"name", key.name},
               {"version", record.version}, {"ready", ready},   {"created", record.created},
               {"updated", record.updated}};
  if (!record.made_by.empty()) line["madeBy"] = record.made_by;
  line["spec"] = record.entity.body;
  out.Item(line);
}

Result<Outcome> RunProjectShow(App& app) {
  SF_TRY(catalog::Catalog * known, app.OpenCatalog(true));
  SF_TRY(const auto project, ProjectArgument(app, *known, 0));
  const EntityFilter filter = EntityFilter::From(app);
  const std::string& name = project.entity.key.name;
  Table table({{"KIND"}, {"NAME"}, {"VERSION", true}, {"CHANGED"}, {"MADE BY"}});
  std::map<std::string, std::uint64_t> counts;
  std::uint64_t shown = 0;
  const bool entities_asked = filter.IsSet() || app.out().quiet() || app.out().json();
  SF_TRY(known->List(name, "", [&](const catalog::Record& record) -> Result<void> {
    if (!filter.Takes(record.entity.key)) return {};
    ++shown;
    ++counts[record.entity.key.kind];
    if (entities_asked) ShowEntity(record, app.out(), table);
    return {};
  }));
  if (shown == 0) {
    app.out().Note(filter.IsSet() ? "no such entities" : "the project is empty");
  } else if (filter.IsSet()) {
    for (const std::string& line : table.Lines()) app.out().Line(line);
  } else {
    ShowCounts(counts, app.out());
  }
  return Outcome{.summary = {{"project", name}, {"entities", shown}, {"kinds", counts}}};
}
}  // namespace

Command ProjectShowCommand() {
  return {.name = "project show",
          .summary = "Show what a project holds",
          .details =
              "How many entities of each kind; with --kind or --name the entities "
              "themselves.  `project export` writes out all of what is in them.",
          .arguments = {{"NAME", "WORKSPACE/PROJECT"}},
          .options = EntityFilter::Options("Only"),
          .examples = {"stateferry project show prod/orders",
                       "stateferry project show prod/orders --kind deployment --name 'etl-*'"},
          .run = RunProjectShow};
}

}  // namespace stateferry::cli
