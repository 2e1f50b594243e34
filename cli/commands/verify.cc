#include <fmt/format.h>

#include "cli/commands/all.h"
#include "cli/units.h"
#include "state/snapshot/relocate.h"

namespace stateferry::cli {

namespace {
namespace snapshot = state::snapshot;

bool LooksLikeTransferId(const std::string& text) {
  return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

/// A transfer's id stands for its destination.
Result<storage::Location> Target(App& app) {
  const std::string text = app.argument(0);
  if (LooksLikeTransferId(text)) {
    SF_TRY(const auto journal, app.ExistingJournal());
    if (journal) {
      SF_TRY(const auto record, (*journal)->Find(text));
      if (record) return storage::ParseLocation(record->to);
    }
  }
  return app.Location(0);
}

snapshot::VerifyLevel LevelFrom(const std::string& name) {
  if (name == "list") return snapshot::VerifyLevel::kList;
  if (name == "size") return snapshot::VerifyLevel::kSize;
  if (name == "deep") return snapshot::VerifyLevel::kDeep;
  return snapshot::VerifyLevel::kHash;
}

Result<Outcome> Run(App& app) {
  SF_TRY(const storage::Location target, Target(app));
  const std::string level = app.options().Text("level");
  SF_TRY(const snapshot::VerifyReport report,
         snapshot::VerifySnapshot(app.places(), target, LevelFrom(level), app.stop()));
  Output& out = app.out();
  for (const std::string& problem : report.problems) {
    out.Line("problem: " + problem);
    out.Item({{"type", "problem"}, {"message", problem}});
  }
  Outcome outcome;
  outcome.summary = {{"location", target.ToString()},
                     {"level", level},
                     {"files", report.files},
                     {"bytesRead", report.bytes_read},
                     {"problems", report.problems.size()}};
  if (!report.problems.empty()) {
    outcome.code = ExitCode::kIntegrity;
    outcome.status = "damaged";
    out.Line(fmt::format("{} is damaged: {} in {}", target.ToString(),
                         Count(report.problems.size(), "problem"), Count(report.files, "file")));
  } else {
    out.Line(fmt::format("{} is good: {}, {} read (level {})", target.ToString(),
                         Count(report.files, "file"), FormatSize(report.bytes_read), level));
  }
  return outcome;
}
}  // namespace

Command VerifyCommand() {
  return {.name = "verify",
          .summary = "Check that a snapshot or prefix is whole",
          .details =
              "A snapshot: every file it names is there with its size; from level hash on "
              "every byte is read, in managed storage against its hash; at level deep the "
              "block checksums of RocksDB files as well.  Any other prefix: every object is "
              "listed or read.  Exits with 7 when something is wrong.",
          .arguments = {{"TARGET", "A snapshot, a prefix, or the id of a transfer"}},
          .options = {{.name = "level",
                       .kind = ValueKind::kChoice,
                       .value_name = "LEVEL",
                       .help = "How closely to look",
                       .default_text = "hash",
                       .choices = {"list", "size", "hash", "deep"}}},
          .examples = {"stateferry verify managed:///srv/store/orders/chk-42 --level deep"},
          .stops_cleanly = true,
          .run = Run};
}

}  // namespace stateferry::cli
