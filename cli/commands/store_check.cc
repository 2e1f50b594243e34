#include <fmt/format.h>

#include <algorithm>

#include "cli/bucket_check.h"
#include "cli/commands/all.h"
#include "cli/store_place.h"
#include "cli/transfer_flags.h"
#include "cli/units.h"

namespace stateferry::cli {

namespace {
namespace managed = storage::managed;

/// The store names a file that belongs to no snapshot as its own one.
std::vector<std::string> Snapshots(const managed::Damage& damage) {
  std::vector<std::string> snapshots = damage.snapshots;
  std::erase_if(snapshots, [&](const std::string& snapshot) {
    return std::find(damage.files.begin(), damage.files.end(), snapshot) != damage.files.end();
  });
  return snapshots;
}

void PrintDamage(Output& out, const managed::Damage& damage) {
  const std::vector<std::string> snapshots = Snapshots(damage);
  out.Item({{"type", "damage"},
            {"message", damage.what},
            {"files", damage.files},
            {"snapshots", snapshots}});
  out.Line("damage: " + damage.what);
  for (const std::string& snapshot : snapshots) out.Line("  hits the snapshot " + snapshot);
  for (const std::string& file : damage.files) out.Line("  hits the file " + file);
}

Result<Outcome> CheckStore(App& app) {
  SF_TRY(const auto at, FindStore(app, app.argument(0), storage::Access::kRead));
  const std::string level = app.options().Text("level");
  SF_TRY(const managed::CheckReport report,
         at.store->Check(level == "deep" ? managed::CheckLevel::kDeep : managed::CheckLevel::kQuick,
                         ShowStoreProgress(app, "checking"), app.stop()));
  app.progress().Clear();
  Output& out = app.out();
  for (const managed::Damage& damage : report.damages) PrintDamage(out, damage);
  Outcome outcome;
  outcome.summary = {{"store", at.uri},
                     {"level", level},
                     {"packs", report.packs},
                     {"chunks", report.chunks},
                     {"files", report.files},
                     {"bytesRead", report.bytes_read},
                     {"damages", report.damages.size()}};
  const std::string looked_at = fmt::format(
      "{}, {}, {}, {} read (level {})", Count(report.packs, "pack"), Count(report.chunks, "chunk"),
      Count(report.files, "file"), FormatSize(report.bytes_read), level);
  if (report.damages.empty()) {
    out.Line("clean: " + looked_at);
  } else {
    out.Line(fmt::format("{} found in {}", Count(report.damages.size(), "damage"), looked_at));
    outcome.code = ExitCode::kIntegrity;
    outcome.status = "damaged";
  }
  return outcome;
}

Result<Outcome> RunStoreCheck(App& app) {
  SF_TRY(const storage::Location location, storage::ParseLocation(app.argument(0)));
  if (!storage::IsInBucket(location.ToString())) return CheckStore(app);
  SF_TRY(CheckNewObjectFlags(app.options(), location, "STORE"));
  if (app.options().Text("level") != "quick")
    return Error(ErrorCode::kInvalidArgument, "--level is for managed stores, not for buckets");
  return CheckBucket(app, location);
}
}  // namespace

Command StoreCheckCommand() {
  return {
      .name = "store check",
      .summary = "Look for damage in a managed store, or try what may be done in a bucket",
      .details =
          "A managed store: level quick compares index, packs and files; level deep also reads "
          "every byte of every pack and compares every hash.  Names the snapshots that a "
          "damage hits and exits with 7.\n"
          "A place in a bucket: tries list, get, put, delete, multipart uploads, conditions and "
          "checksums with small objects of its own, which it deletes again.  What cannot be "
          "deleted again is not made.  Exits with 5 when a right is missing that moving "
          "snapshots takes, with 3 when something had to stay.  With --read-only or --dry-run "
          "only list and get are tried.",
      .arguments = {{"STORE", "A store, any place in it, or a place in a bucket"}},
      .options = WithNewObjectFlags({{.name = "level",
                                      .kind = ValueKind::kChoice,
                                      .value_name = "LEVEL",
                                      .help = "How closely to look",
                                      .default_text = "quick",
                                      .choices = {"quick", "deep"},
                                      .only_on_command_line = true},
                                     {.name = "read-only",
                                      .help = "In a bucket: write nothing, not even for a moment",
                                      .only_on_command_line = true}}),
      .examples = {"stateferry store check managed:///srv/store --level deep",
                   "stateferry store check s3://state/cp --read-only"},
      .dry_run = DryRun::kSupported,
      .stops_cleanly = true,
      .run = RunStoreCheck};
}

}  // namespace stateferry::cli
