#include <fmt/format.h>

#include "cli/commands/all.h"
#include "cli/table.h"
#include "cli/units.h"
#include "state/snapshot/snapshot.h"

namespace stateferry::cli {

namespace {
namespace snapshot = state::snapshot;

struct Totals {
  std::uint64_t files = 0, bytes = 0, deletable = 0, deletable_bytes = 0;
};

Totals Sum(const snapshot::OrphanReport& report) {
  Totals totals;
  for (const snapshot::Orphan& orphan : report.orphans) {
    ++totals.files;
    totals.bytes += orphan.size_bytes;
    totals.deletable += orphan.Deletable() ? 1 : 0;
    totals.deletable_bytes += orphan.Deletable() ? orphan.size_bytes : 0;
  }
  return totals;
}

void Print(Output& out, const snapshot::OrphanReport& report) {
  Table table({{"size", true}, {"age"}, {"file"}});
  for (const snapshot::Orphan& orphan : report.orphans) {
    Json item = {{"type", "orphan"}};
    item.update(snapshot::PathToJson(orphan.location));
    item.update({{"sizeBytes", orphan.size_bytes},
                 {"oldEnough", orphan.old_enough},
                 {"amongState", orphan.among_state}});
    out.Item(item);
    out.Id(orphan.location.ToString());
    table.Add({FormatSize(orphan.size_bytes),
               !orphan.among_state ? "kept"
               : orphan.old_enough ? "old"
                                   : "young",
               orphan.location.ToString()});
  }
  if (!table.empty())
    for (const std::string& line : table.Lines()) out.Line(line);
}

/// Only what may be deleted; durable on return.
Result<void> Delete(storage::Places& places, const snapshot::OrphanReport& report,
                    std::stop_token stop) {
  std::shared_ptr<storage::Backend> backend;
  for (const snapshot::Orphan& orphan : report.orphans) {
    if (!orphan.Deletable()) continue;
    if (stop.stop_requested())
      return Error(ErrorCode::kCancelled, "stopped; some orphans are left");
    SF_TRY(const auto object, places.OpenObject(orphan.location, storage::Access::kWrite));
    SF_TRY(object.place.backend->Delete(object.key));
    if (backend && backend != object.place.backend) SF_TRY(backend->Flush());
    backend = object.place.backend;
  }
  return backend ? backend->Flush() : Result<void>();
}

Result<Outcome> RunOrphans(App& app) {
  SF_TRY(const storage::Location base, app.Location(0));
  const auto now =
      std::chrono::duration_cast<std::chrono::nanoseconds>(app.clock().Now().time_since_epoch());
  const auto age = std::chrono::duration_cast<std::chrono::nanoseconds>(
      app.options().Age("older-than", app.clock()));
  SF_TRY(const snapshot::OrphanReport report,
         snapshot::FindOrphans(app.places(), base, now.count(), age.count(), app.stop()));
  Output& out = app.out();
  for (const std::string& warning : report.warnings) out.Warning(warning);
  Print(out, report);
  const Totals totals = Sum(report);
  const bool deletes = app.options().Flag("delete") && !app.dry_run() && totals.deletable > 0;
  if (deletes) {
    SF_TRY(app.Confirm(fmt::format("delete {}, {}?", Count(totals.deletable, "file"),
                                   FormatSize(totals.deletable_bytes))));
    SF_TRY(Delete(app.places(), report, app.stop()));
  }
  out.Line(fmt::format("{}, {}, that none of {} names ({} named)", Count(totals.files, "file"),
                       FormatSize(totals.bytes), Count(report.snapshots, "snapshot"),
                       FormatNumber(report.referenced_files)));
  if (totals.files > 0)
    out.Line(fmt::format("{} {}, {}{}", deletes ? "deleted" : "would delete",
                         Count(totals.deletable, "file"), FormatSize(totals.deletable_bytes),
                         deletes ? "" : ": --delete does it"));
  Outcome outcome{.status = deletes ? "ok" : "dry_run",
                  .summary = {{"orphans", totals.files},
                              {"bytes", totals.bytes},
                              {"oldEnough", totals.deletable},
                              {"oldEnoughBytes", totals.deletable_bytes},
                              {"deleted", deletes ? totals.deletable : 0},
                              {"referencedFiles", report.referenced_files},
                              {"snapshots", report.snapshots}}};
  if (totals.deletable == 0 && app.options().Flag("fail-if-nothing")) {
    outcome.code = ExitCode::kNothingToDo;
    outcome.status = "nothing_to_do";
  }
  return outcome;
}
}  // namespace

Command OrphansCommand() {
  return {
      .name = "orphans",
      .summary = "List files below a checkpoint directory that no snapshot there names",
      .details =
          "Deletes nothing without --delete, and never what is younger than "
          "--older-than: a running job writes files before the _metadata that names "
          "them.  Deletes only below chk-N, savepoint-..., shared, taskowned and dstl; other files "
          "are listed as kept.  Refuses when a _metadata cannot be read, or has another name.  "
          "When BASE is the directory of a job, snapshots of the jobs beside it count too; those "
          "elsewhere that refer to files here are not known: look before you delete.",
      .arguments = {{"BASE", "The directory that holds all checkpoints of a job or of jobs"}},
      .options = {{.name = "older-than",
                   .kind = ValueKind::kAge,
                   .value_name = "AGE",
                   .help = "Only files older than this, or than this time, are deleted",
                   .default_text = "24h"},
                  {.name = "delete",
                   .help = "Delete what is old enough",
                   .only_on_command_line = true},
                  {.name = "fail-if-nothing", .help = "Exit with 9 when there was nothing to do"}},
      .examples = {"stateferry orphans /bucket/cp/JOB --older-than 7d --delete --yes"},
      .dry_run = DryRun::kSupported,
      .stops_cleanly = true,
      .run = RunOrphans};
}

}  // namespace stateferry::cli
