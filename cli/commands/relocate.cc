#include "state/snapshot/relocate.h"

#include <fmt/format.h>

#include "cli/commands/all.h"
#include "cli/transfer_flags.h"
#include "cli/units.h"

namespace stateferry::cli {

namespace {
namespace snapshot = state::snapshot;

Result<snapshot::RelocateRequest> RequestFrom(const App& app) {
  snapshot::RelocateRequest request;
  SF_TRY(request.from, app.Location(0));
  SF_TRY(request.to, DestinationOf(app, 1));
  if (app.options().IsSet("layout"))
    request.layout = snapshot::LayoutFromName(app.options().Text("layout"));
  if (app.options().IsSet("restore-at")) {
    SF_TRY(request.restore_at, snapshot::ParseRestoreUri(app.options().Text("restore-at")));
  }
  request.map = app.options().PathMaps("map");
  request.command = RecordedCommand(app, {request.from, request.to});
  return request;
}

/// What to do with the new snapshot, when it is one of Flink's; Flink cannot read managed storage
/// itself.
std::vector<std::string> Advice(const snapshot::RelocateRequest& request,
                                const snapshot::RelocateReport& report) {
  std::vector<std::string> lines;
  if (report.kind != snapshot::SnapshotKind::kFlink) return lines;
  if (storage::IsManaged(request.to)) {
    lines.push_back(fmt::format("restore     first: stateferry relocate {} BUCKET_DIR",
                                report.restore_pointer.ToString()));
    return lines;
  }
  lines.push_back("restore     flink run -s " + report.restore_pointer.ToString() + " ...");
  lines.push_back(report.layout == snapshot::Layout::kPortable
                      ? "claim mode  NO_CLAIM only (Flink's default): its files have relative names"
                      : "claim mode  any; with CLAIM Flink owns these files and will delete them");
  return lines;
}

Json Summary(const snapshot::RelocateReport& report, Json summary) {
  summary["layout"] = std::string(snapshot::LayoutName(report.layout));
  summary["restorePointer"] = nullptr;
  if (report.kind == snapshot::SnapshotKind::kFlink)
    summary["restorePointer"] = report.restore_pointer.ToString();
  summary["metadataBytes"] = report.metadata_bytes;
  summary["snapshots"] = Json::array();
  for (const storage::Location& place : report.snapshots)
    summary["snapshots"].push_back(place.ToString());
  return summary;
}

Result<Outcome> RunRelocate(App& app) {
  SF_TRY(const snapshot::RelocateRequest request, RequestFrom(app));
  SF_TRY(const transfer::TransferEnv env, app.TransferEnvironment());
  SF_TRY(const snapshot::RelocateReport report,
         snapshot::Relocate(request, TransferOptionsFrom(app), env));
  app.progress().Clear();
  Output& out = app.out();
  for (const std::string& warning : report.warnings) out.Warning(warning);
  const bool failed = report.transfer.failures_total > 0;
  const char* verb = app.dry_run()                  ? "would move  "
                     : failed                       ? "tried       "
                     : report.transfer.already_done ? "was there   "
                                                    : "relocated   ";
  out.Line(verb + request.from.ToString());
  out.Line("to          " + request.to.ToString());
  out.Line(fmt::format("layout      {}", snapshot::LayoutName(report.layout)));
  for (const std::string& line : ReportLines(report.transfer)) out.Line(line);
  if (!failed && !app.dry_run())
    for (const std::string& line : Advice(request, report)) out.Line(line);
  if (!app.dry_run()) out.Id(report.transfer.id);
  Outcome outcome = TransferOutcome(app, report.transfer);
  outcome.summary = Summary(report, std::move(outcome.summary));
  return outcome;
}
}  // namespace

Command RelocateCommand() {
  return {
      .name = "relocate",
      .summary = "Copy a snapshot so that it restores at its new place",
      .details =
          "Follows every file that the snapshot's _metadata names, wherever it lies, moves them, "
          "and writes a _metadata that names them at DST; that file comes last, so a snapshot is "
          "complete exactly when it is there.  The same command again goes on where an earlier "
          "run stopped, or finds nothing to do.\n"
          "Layouts: portable - one directory, relative names, can be copied on for ever, restores "
          "with NO_CLAIM; anchored - one directory, tied to DST, restores in any claim mode; "
          "tree - chk-N/ and shared/ as they were.  Default: portable into managed storage, "
          "anchored into a bucket.",
      .arguments = {{"SNAPSHOT",
                     "Directory of a checkpoint or savepoint, or its _metadata; with "
                     "--layout tree also a job's directory"},
                    {"DST", "Becomes the snapshot's directory (tree: the root of the tree)"}},
      .options = WithTransferFlags(
          {{.name = "layout",
            .kind = ValueKind::kChoice,
            .value_name = "LAYOUT",
            .help = "Form of the new snapshot",
            .choices = {"portable", "anchored", "tree"},
            .recorded = true},
           {.name = "restore-at",
            .kind = ValueKind::kText,
            .value_name = "URI",
            .help = "The name by which Flink will see DST, when it is another one",
            .recorded = true},
           {.name = "map",
            .kind = ValueKind::kPathMap,
            .value_name = "OLD=NEW",
            .help = "Files that _metadata names under OLD are read under NEW",
            .repeatable = true,
            .recorded = true}}),
      .examples =
          {"stateferry relocate /bucket/cp/JOB/chk-42 managed:///srv/store/orders/chk-42",
           "stateferry relocate managed:///srv/store/orders/chk-42 /bucket2/orders/chk-42",
           "stateferry relocate /moved/cp/JOB/chk-42 /bucket2/chk-42 --map /old/cp=/moved/cp"},
      .dry_run = DryRun::kSupported,
      .stops_cleanly = true,
      .run = RunRelocate};
}

}  // namespace stateferry::cli
