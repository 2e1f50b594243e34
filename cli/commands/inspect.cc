#include <fmt/format.h>

#include "cli/commands/all.h"
#include "cli/inspect_lines.h"
#include "cli/newest_snapshot.h"
#include "state/snapshot/snapshot.h"

namespace stateferry::cli {

namespace {
namespace snapshot = state::snapshot;

/// `{"type": type}` and the fields of `body` behind it.
Json Typed(const char* type, const Json& body) {
  Json line = {{"type", type}};
  for (const auto& [key, value] : body.items())
    if (key != "type") line[key] = value;
  return line;
}

/// The snapshot at `location`, or the newest one below it.
Result<snapshot::Snapshot> Find(App& app, const storage::Location& location) {
  const snapshot::InspectOptions how{.check_exists = true, .map = app.options().PathMaps("map")};
  auto found = snapshot::Inspect(app.places(), location, how);
  if (found || found.error().code() != ErrorCode::kNotFound) return found;
  const auto newest = NewestSnapshot(app, location);
  if (!newest) return found;  // says more
  app.out().Note(
      fmt::format("{} is the newest of the snapshots there", newest->location.ToString()));
  return snapshot::Inspect(app.places(), newest->location, how);
}

Result<Outcome> RunInspect(App& app) {
  SF_TRY(const storage::Location location, app.Location(0));
  const OptionValues& options = app.options();
  SF_TRY(const snapshot::Snapshot found, Find(app, location));
  const InspectView view{.operators = options.Flag("operators"),
                         .files = options.Flag("files"),
                         .external = options.Flag("external")};
  Output& out = app.out();
  for (const std::string& warning : found.warnings) out.Warning(warning);
  if (!out.json())
    for (const std::string& line : InspectLines(found, view)) out.Line(line);
  if (view.operators)
    for (const snapshot::OperatorInfo& op : found.operators)
      out.Item(Typed("operator", snapshot::ToJson(op)));
  for (const snapshot::SnapshotFile& file : found.files)
    if (view.files || (view.external && file.outside))
      out.Item(Typed("file", snapshot::ToJson(file)));
  out.Id(found.directory.ToString());

  Outcome outcome;
  outcome.summary = snapshot::ToJson(found);
  const Json totals = FileTotals(found);
  outcome.summary.update(totals);
  if (options.Flag("check-exists") && JsonUint(totals, "badFiles").value_or(0) > 0) {
    outcome.code = ExitCode::kIntegrity;
    outcome.status = "damaged";
  }
  return outcome;
}
}  // namespace

Command InspectCommand() {
  return {.name = "inspect",
          .summary = "Show what a snapshot consists of and what is missing",
          .details =
              "Operators with their state, files by kind and place, what lies outside the "
              "snapshot's own directory, and files that are missing or have another size.",
          .arguments = {{"SNAPSHOT",
                         "Directory of a checkpoint or savepoint, or its _metadata; of a job's "
                         "directory the newest one"}},
          .options = {{.name = "operators", .help = "All operators, with their state by kind"},
                      {.name = "files", .help = "Every file that the snapshot needs"},
                      {.name = "external",
                       .help = "Every file that lies outside the snapshot's directory"},
                      {.name = "check-exists",
                       .help = "Exit with 7 when a file is missing or has another size"},
                      {.name = "map",
                       .kind = ValueKind::kPathMap,
                       .value_name = "OLD=NEW",
                       .help = "Files that _metadata names under OLD are looked for under NEW",
                       .repeatable = true,
                       .recorded = true}},
          .examples = {"stateferry inspect /bucket/cp/JOB/chk-42",
                       "stateferry inspect /bucket/cp/JOB/chk-42 --files --output json"},
          .run = RunInspect};
}

}  // namespace stateferry::cli
