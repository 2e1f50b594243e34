#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/hash.h"
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

/// One file that several snapshots name is one problem.
std::vector<std::string> Distinct(std::vector<std::string> problems) {
  std::set<std::string> seen;
  std::erase_if(problems, [&](const std::string& problem) { return !seen.insert(problem).second; });
  return problems;
}

/// --sample: "2/10" is the second of ten parts of the files, "5%" so many of them by chance.
Result<snapshot::Sample> SampleFrom(const std::string& text, std::uint64_t seed) {
  if (text.empty()) return snapshot::Sample();
  const auto hash = [](const storage::Location& file, std::uint64_t with) {
    return Xxh3_64(AsBytes(fmt::format("{}/{}", with, file.ToString())));
  };
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) {
    SF_TRY(const double part, ParseFraction(text));
    return snapshot::Sample([=](const storage::Location& file) {
      return static_cast<double>(hash(file, seed) % 1'000'000) < part * 1'000'000;
    });
  }
  const auto which = ParseCount(text.substr(0, slash)), parts = ParseCount(text.substr(slash + 1));
  if (!which || !parts || *which == 0 || *which > *parts)
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("--sample: '{}' is neither like 5% nor like 2/10", text));
  return snapshot::Sample([which = *which, parts = *parts, hash](const storage::Location& file) {
    return hash(file, 0) % parts == which - 1;
  });
}

/// The level that the files were really held against: without a hash to compare with, bytes that
/// could be read say nothing about what they were.
std::string CheckedLevel(const std::string& asked, const snapshot::VerifyReport& report) {
  const bool reads = LevelFrom(asked) >= snapshot::VerifyLevel::kHash;
  return reads && report.files_hashed < report.files_read ? "size" : asked;
}

void PrintWhole(Output& out, const storage::Location& target, const std::string& asked,
                const snapshot::VerifyReport& report) {
  const std::string checked = CheckedLevel(asked, report);
  out.Line(fmt::format("{} is {}: {}, {} read (level {})", target.ToString(),
                       checked == asked ? "good" : "whole", Count(report.files, "file"),
                       FormatSize(report.bytes_read), checked));
  if (LevelFrom(asked) >= snapshot::VerifyLevel::kHash && report.files_read < report.files)
    out.Line(fmt::format("  a sample: {} read", Count(report.files_read, "file")));
  if (checked == asked) return;
  std::string but;
  if (report.files_checked_inside > 0)
    but = fmt::format(", but in {}, whose blocks have checksums",
                      Count(report.files_checked_inside, "RocksDB file"));
  out.Line(fmt::format("  no hash is known of {}: a changed byte would not be seen{}",
                       Count(report.files_read - report.files_hashed, "file"), but));
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

/// What a transfer has moved is compared with what it remembers, also when a later run of it failed
/// (at a file that was changed since, say); that reads every byte, so the snapshot around it is
/// looked at by size only.
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
  // What an older version of the program has put behind the files is read, but not compared.
  report.files_read =
      contents.last_objects_known ? contents.files : std::max(report.files, contents.files);
  report.files_hashed = contents.compared;
  for (const std::string& problem : contents.problems) report.problems.push_back(problem);
  return report;
}

Result<Outcome> RunVerify(App& app) {
  SF_TRY(const auto record, Transfer(app));
  SF_TRY(const storage::Location target,
         record ? storage::ParseLocation(record->to) : app.Location(0));
  const std::string level = app.options().Text("level");
  const snapshot::VerifyLevel how = LevelFrom(level);
  const auto seed = static_cast<std::uint64_t>(app.clock().Now().time_since_epoch().count());
  SF_TRY(const snapshot::Sample sample, SampleFrom(app.options().Text("sample"), seed));
  const bool compare = record && how >= snapshot::VerifyLevel::kHash && !sample;
  SF_TRY(snapshot::VerifyReport report,
         compare ? VerifyTransfer(app, *record, target, how)
                 : snapshot::VerifySnapshot(app.places(), target, how, app.stop(), sample));
  report.problems = Distinct(std::move(report.problems));
  Output& out = app.out();
  for (const std::string& problem : report.problems) {
    out.Line("problem: " + Printable(problem));
    out.Item({{"type", "problem"}, {"message", problem}});
  }
  Outcome outcome;
  outcome.summary = {{"location", target.ToString()},
                     {"level", level},
                     {"checkedLevel", CheckedLevel(level, report)},
                     {"files", report.files},
                     {"filesRead", report.files_read},
                     {"filesHashed", report.files_hashed},
                     {"bytesRead", report.bytes_read},
                     {"problems", report.problems.size()}};
  if (!report.problems.empty()) {
    outcome.code = ExitCode::kIntegrity;
    outcome.status = "damaged";
    out.Line(fmt::format("{} is damaged: {} in {}", target.ToString(),
                         Count(report.problems.size(), "problem"), Count(report.files, "file")));
  } else {
    PrintWhole(out, target, level, report);
  }
  return outcome;
}
}  // namespace

Command VerifyCommand() {
  return {
      .name = "verify",
      .summary = "Check that a snapshot or prefix is whole",
      .details =
          "A snapshot: every file it names is there with its size; from level hash on "
          "every byte is read, in managed storage against its hash; at level deep the "
          "block checksums of local RocksDB files as well.  Any other prefix: every object is "
          "listed or read, in the same way.  A transfer: from level hash on its files are compared "
          "with what "
          "it moved.  Exits with 7 when something is wrong.\n"
          "A bucket has no hashes to compare with: unless its transfer is named, the result says "
          "that only names and sizes are sure.",
      .arguments = {{"TARGET", "A snapshot, a prefix, or the id of a transfer"}},
      .options = {{.name = "level",
                   .kind = ValueKind::kChoice,
                   .value_name = "LEVEL",
                   .help = "How closely to look",
                   .default_text = "hash",
                   .choices = {"list", "size", "hash", "deep"},
                   .only_on_command_line = true},
                  {.name = "sample",
                   .kind = ValueKind::kText,
                   .value_name = "PART",
                   .help = "Read only a part of the files: 5% of them by chance, or 2/10, the "
                           "second of ten parts; names and sizes of all are looked at",
                   .only_on_command_line = true}},
      .examples = {"stateferry verify managed:///srv/store/orders/chk-42 --level deep"},
      .stops_cleanly = true,
      .run = RunVerify};
}

}  // namespace stateferry::cli
