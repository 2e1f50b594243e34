#include "state/snapshot/snapshot.h"

#include <fmt/format.h>

#include "cli/commands/all.h"
#include "cli/newest_snapshot.h"
#include "cli/table.h"

namespace stateferry::cli {

namespace {
namespace snapshot = state::snapshot;

std::string TimeText(std::int64_t ns) {
  if (ns == 0) return "-";
  const std::chrono::system_clock::time_point time{
      std::chrono::duration_cast<std::chrono::system_clock::duration>(
          std::chrono::nanoseconds(ns))};
  return FormatTime(time).substr(0, 19) + "Z";  // seconds are enough for people
}

Json ToJson(const snapshot::SnapshotListing& listing) {
  Json json = {{"type", "snapshot"},          {"location", listing.location.ToString()},
               {"kind", listing.kind},        {"jobId", listing.job_id},
               {"checkpointId", nullptr},     {"time", TimeText(listing.mtime_ns)},
               {"readable", listing.readable}};
  if (listing.checkpoint_id >= 0) json["checkpointId"] = listing.checkpoint_id;
  if (!listing.problem.empty()) json["problem"] = listing.problem;
  return json;
}

Result<Outcome> RunList(App& app) {
  SF_TRY(const storage::Location base, app.Location(0));
  SF_TRY(const auto listings, snapshot::ListSnapshots(app.places(), base));
  Table table({{"time"}, {"kind"}, {"id", true}, {"where"}});
  for (const snapshot::SnapshotListing& listing : listings) {
    app.out().Item(ToJson(listing));
    app.out().Id(listing.location.ToString());
    if (!listing.readable)
      app.out().Warning(fmt::format("{}: {}", listing.location.ToString(), listing.problem));
    table.Add({TimeText(listing.mtime_ns), listing.readable ? listing.kind : "unreadable",
               listing.checkpoint_id >= 0 ? std::to_string(listing.checkpoint_id) : "-",
               listing.location.ToString()});
  }
  if (listings.empty())
    app.out().Note(fmt::format("no snapshots in {}", base.ToString()));
  else
    for (const std::string& line : table.Lines()) app.out().Line(line);
  return Outcome{.summary = {{"location", base.ToString()}, {"snapshots", listings.size()}}};
}

Result<Outcome> RunLatest(App& app) {
  SF_TRY(const storage::Location base, app.Location(0));
  SF_TRY(const snapshot::SnapshotListing newest, NewestSnapshot(app, base));
  app.out().Item(ToJson(newest));
  app.out().Line(newest.location.ToString());
  app.out().Id(newest.location.ToString());
  return Outcome{.summary = {{"location", newest.location.ToString()}}};
}

const Argument kPrefix = {"PREFIX", "A directory: of a job, of checkpoints, of savepoints"};
}  // namespace

Command SnapshotListCommand() {
  return {.name = "snapshot list",
          .summary = "List the complete snapshots below a directory, oldest first",
          .details = "",
          .arguments = {kPrefix},
          .options = {},
          .examples = {"stateferry snapshot list /bucket/cp"},
          .run = RunList};
}

Command SnapshotLatestCommand() {
  return {.name = "snapshot latest",
          .summary = "Name the newest readable snapshot below a directory",
          .details = "",
          .arguments = {kPrefix},
          .options = {},
          .examples = {"stateferry inspect \"$(stateferry snapshot latest /bucket/cp)\""},
          .run = RunLatest};
}

}  // namespace stateferry::cli
