#include <fmt/format.h>

#include "cli/commands/all.h"
#include "cli/units.h"
#include "state/snapshot/relocate.h"
#include "transfer/contents.h"

namespace stateferry::cli {

namespace {
namespace snapshot = state::snapshot;

bool LooksLikeTransferId(const std::string& text) {
  return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

snapshot::VerifyLevel LevelFrom(const std::string& name) {
  if (name == "list") return snapshot::VerifyLevel::kList;
  if (name == "size") return snapshot::VerifyLevel::kSize;
  if (name == "deep") return snapshot::VerifyLevel::kDeep;
  return snapshot::VerifyLevel::kHash;
}

/// The transfer whose id is the argument, if it is one.
Result<std::optional<transfer::TransferRecord>> Transfer(App& app) {
  const std::string text = app.argument(0);
  std::optional<transfer::TransferRecord> none;
  if (!LooksLikeTransferId(text)) return none;
  SF_TRY(const auto journal, app.ExistingJournal());
  if (!journal) return none;
  return (*journal)->Find(text);
}

/// What a committed transfer has moved is compared with what it remembers; that reads every byte,
/// so the snapshot around it is looked at by size only.
Result<snapshot::VerifyReport> VerifyTransfer(App& app, const transfer::TransferRecord& record,
                                              const storage::Location& target,
                                              snapshot::VerifyLevel level) {
  SF_TRY(auto report,
         snapshot::VerifySnapshot(
             app.places(), target,
             level == snapshot::VerifyLevel::kHash ? snapshot::VerifyLevel::kSize : level,
             app.stop()));
  SF_TRY(const auto journal, app.ExistingJournal());
  SF_TRY(const auto contents, transfer::CheckContents(record, **journal, app.places(), app.stop()));
  report.bytes_read += contents.bytes_read;
  for (const std::string& problem : contents.problems) report.problems.push_back(problem);
  return report;
}

Result<Outcome> Run(App& app) {
  SF_TRY(const auto record, Transfer(app));
  SF_TRY(const storage::Location target,
         record ? storage::ParseLocation(record->to) : app.Location(0));
  const std::string level = app.options().Text("level");
  const snapshot::VerifyLevel how = LevelFrom(level);
  const bool compare = record && record->status == transfer::TransferStatus::kCommitted &&
                       how >= snapshot::VerifyLevel::kHash;
  SF_TRY(const snapshot::VerifyReport report,
         compare ? VerifyTransfer(app, *record, target, how)
                 : snapshot::VerifySnapshot(app.places(), target, how, app.stop()));
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
              "listed or read.  A transfer: from level hash on its files are compared with what "
              "it moved.  Exits with 7 when something is wrong.",
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
