#include <fmt/format.h>

#include "cli/commands/all.h"
#include "cli/store_place.h"
#include "cli/transfer_flags.h"
#include "cli/units.h"

namespace stateferry::cli {

namespace {
namespace managed = storage::managed;

Json ToJson(const managed::GcReport& report, std::uint64_t stale_uploads) {
  return {{"packsBefore", report.packs_before},       {"packsAfter", report.packs_after},
          {"packsRewritten", report.packs_rewritten}, {"packsDeleted", report.packs_deleted},
          {"chunksFreed", report.chunks_freed},       {"bytesFreed", report.bytes_freed},
          {"bytesRewritten", report.bytes_rewritten}, {"packsMarked", report.packs_marked},
          {"bytesMarked", report.bytes_marked},       {"uploadsDropped", stale_uploads}};
}

Result<Outcome> RunStoreGc(App& app) {
  const bool dry_run = app.dry_run();
  SF_TRY(const auto location, StoreLocation(app, app.argument(0)));
  const bool in_bucket = storage::BucketBehind(location).has_value();
  const auto grace =
      std::chrono::duration_cast<std::chrono::seconds>(app.options().Duration("grace"));
  if (app.options().IsSet("grace") && !in_bucket)
    return Error(ErrorCode::kInvalidArgument,
                 "--grace is for a store in a bucket; what nobody needs "
                 "in " +
                     location.ToString() + " goes at once");
  SF_TRY(const auto at,
         FindStore(app, location, dry_run ? storage::Access::kRead : storage::Access::kWrite));
  std::uint64_t stale_uploads = 0;
  if (!dry_run) {
    const auto age =
        std::chrono::duration_cast<std::chrono::seconds>(app.options().Duration("stale-uploads"));
    SF_TRY(stale_uploads, at.store->DropStaleUploads(age.count()));
  }
  SF_TRY(const managed::GcReport report,
         at.store->Gc({.dry_run = dry_run,
                       .min_live_fraction = app.options().Fraction("min-live"),
                       .grace = grace},
                      ShowStoreProgress(app, "collecting"), app.stop()));
  app.progress().Clear();
  Output& out = app.out();
  if (stale_uploads > 0)
    out.Line(fmt::format("dropped {} that nobody finished", Count(stale_uploads, "upload")));
  if (in_bucket)
    out.Line(fmt::format("{} {} in {} that earlier runs have marked",
                         dry_run ? "would remove" : "removed", FormatSize(report.bytes_freed),
                         Count(report.packs_deleted, "pack")));
  else
    out.Line(fmt::format("{} {} in {}", dry_run ? "would free" : "freed",
                         FormatSize(report.bytes_freed), Count(report.chunks_freed, "chunk")));
  out.Line(fmt::format("packs {} -> {}: {} deleted, {} rewritten ({})",
                       FormatNumber(report.packs_before), FormatNumber(report.packs_after),
                       FormatNumber(report.packs_deleted), FormatNumber(report.packs_rewritten),
                       FormatSize(report.bytes_rewritten)));
  if (report.packs_marked > 0)
    out.Line(fmt::format("{} {} ({}): a gc that comes more than {} later removes them",
                         dry_run ? "would mark" : "marked", Count(report.packs_marked, "pack"),
                         FormatSize(report.bytes_marked), app.options().Text("grace")));
  Outcome outcome{.summary = ToJson(report, stale_uploads)};
  if (dry_run) outcome.status = "dry_run";
  const bool nothing = stale_uploads == 0 && report.chunks_freed == 0 &&
                       report.packs_deleted == 0 && report.packs_rewritten == 0 &&
                       report.packs_marked == 0;
  if (nothing && app.options().Flag("fail-if-nothing")) {
    outcome.code = ExitCode::kNothingToDo;
    outcome.status = "nothing_to_do";
  }
  return outcome;
}
}  // namespace

Command StoreGcCommand() {
  return {.name = "store gc",
          .summary = "Free the chunks that no file of a managed store needs",
          .details =
              "Packs that hold too little live data are rewritten.  Safe while transfers "
              "into the store are unfinished.  In a bucket, where other machines may be writing, a "
              "pack is marked first, and removed by a gc that comes later than the grace period.",
          .arguments = {{"STORE", "A store, or any place in it"}},
          .options = WithNewObjectFlags(
              {{.name = "min-live",
                .kind = ValueKind::kFraction,
                .value_name = "FRACTION",
                .help = "Rewrite packs whose live part is smaller",
                .default_text = "0.7"},
               {.name = "stale-uploads",
                .kind = ValueKind::kDuration,
                .value_name = "AGE",
                .help = "Drop unfinished uploads older than this first",
                .default_text = "7d"},
               {.name = "grace",
                .kind = ValueKind::kDuration,
                .value_name = "AGE",
                .help = "In a bucket: leave packs and marks younger than this; at least 1h",
                .default_text = "24h"},
               {.name = "fail-if-nothing", .help = "Exit with 9 when there was nothing to do"}}),
          .examples = {"stateferry store gc managed:///srv/store --dry-run"},
          .dry_run = DryRun::kSupported,
          .stops_cleanly = true,
          .run = RunStoreGc};
}

}  // namespace stateferry::cli
