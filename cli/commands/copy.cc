#include <fmt/format.h>

#include <set>

#include "cli/commands/all.h"
#include "cli/transfer_flags.h"
#include "state/snapshot/relocate.h"

namespace stateferry::cli {

namespace {
constexpr std::uint64_t kMaxListBytes = 256u << 20;

/// The names in the file that --from-file0 names, each with a NUL behind it; none: no list.
Result<std::optional<std::set<std::string>>> NamesToCopy(App& app) {
  const std::string path = app.options().Text("from-file0");
  if (path.empty()) return std::optional<std::set<std::string>>();
  SF_TRY(const std::string text, app.io().ReadSmall(path, kMaxListBytes));
  std::set<std::string> names;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\0', at), text.size());
    std::string name = text.substr(at, end - at);
    while (name.starts_with("./")) name.erase(0, 2);  // `find . -print0` writes ./a
    const auto good = storage::CheckKey(name);
    if (!good)
      return Error(ErrorCode::kInvalidArgument,
                   fmt::format("{}: {}", path, good.error().message()));
    names.insert(std::move(name));
    at = end + 1;
  }
  if (names.empty())
    return Error(ErrorCode::kInvalidArgument, fmt::format("{} names no file", path));
  return std::optional(std::move(names));
}

Result<Outcome> RunCopy(App& app) {
  SF_TRY(const storage::Location from, app.Location(0));
  SF_TRY(const storage::Location to, DestinationOf(app, 1));
  SF_TRY(const auto names, NamesToCopy(app));
  SF_TRY(const transfer::TransferEnv env, app.TransferEnvironment());
  SF_TRY(const transfer::TransferReport report,
         state::snapshot::CopyTree(from, to, RecordedCommand(app, {from, to}),
                                   TransferOptionsFrom(app), env, names ? &*names : nullptr));
  app.progress().Clear();
  Output& out = app.out();
  const bool failed = report.failures_total > 0;
  out.Line(fmt::format("{}  {}",
                       app.dry_run()         ? "would copy"
                       : failed              ? "tried     "
                       : report.already_done ? "was there "
                                             : "copied    ",
                       from.ToString()));
  out.Line("to          " + to.ToString());
  for (const std::string& line : ReportLines(report)) out.Line(line);
  if (!app.dry_run()) out.Id(report.id);
  return TransferOutcome(app, report);
}
}  // namespace

Command CopyCommand() {
  return {.name = "copy",
          .summary = "Copy a directory or prefix as it is, verified and resumable",
          .details =
              "Files arrive with the names and bytes they have.  Use relocate for a "
              "snapshot that has to restore at the new place.  The same command again "
              "goes on where an earlier run stopped, or finds nothing to do.",
          .arguments = {{"SRC", "Where the files are"}, {"DST", "Where they go"}},
          .options = WithTransferFlags(
              {{.name = "from-file0",
                .kind = ValueKind::kPath,
                .value_name = "LIST",
                .help = "Copy only the files that this file names, each by its name below SRC with "
                        "a NUL character behind it, as find -print0 writes them",
                .recorded = true,
                .only_on_command_line = true}}),
          .examples = {"stateferry copy /bucket/cp managed:///srv/store/jobs/cp",
                       "stateferry copy managed:///srv/store/jobs/cp /bucket2/cp"},
          .dry_run = DryRun::kSupported,
          .stops_cleanly = true,
          .run = RunCopy};
}

}  // namespace stateferry::cli
