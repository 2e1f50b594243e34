#include <fmt/format.h>

#include "cli/commands/all.h"
#include "cli/record_lines.h"
#include "cli/units.h"

namespace stateferry::cli {

namespace {
std::string_view StateName(transfer::FileState state) {
  switch (state) {
    case transfer::FileState::kPending: return "pending";
    case transfer::FileState::kWritten: return "written";
    case transfer::FileState::kDone: return "done";
    case transfer::FileState::kFailed: return "failed";
  }
  return "pending";
}

Json FileJson(const transfer::FileRecord& file) {
  Json json = {{"type", "item"},
               {"name", file.task.to_name},
               {"from", file.task.from_dir.Child(file.task.from_name).ToString()},
               {"sizeBytes", file.task.size_bytes},
               {"status", std::string(StateName(file.state))}};
  if (!file.error.empty()) json["message"] = file.error;
  return json;
}

Result<Outcome> RunTransferShow(App& app) {
  SF_TRY(const transfer::TransferRecord record, FindRecord(app, 0));
  Output& out = app.out();
  for (const std::string& line : RecordLines(record)) out.Line(line);
  out.Id(record.id);
  SF_TRY(transfer::Journal * journal, app.OpenJournal(true));
  std::uint64_t done = 0, failed = 0;
  const bool every_file = app.options().Flag("files");
  SF_TRY(journal->VisitFiles(record.id, 0, [&](transfer::FileRecord file) -> Result<void> {
    done += file.state == transfer::FileState::kDone ? 1 : 0;
    failed += file.state == transfer::FileState::kFailed ? 1 : 0;
    if (every_file || file.state == transfer::FileState::kFailed) {
      out.Item(FileJson(file));
      // Names may hold newlines: a line stays one.
      const std::string text = file.task.to_name + (file.error.empty() ? "" : ": " + file.error);
      out.Line(fmt::format("  {:<7}  {:>10}  {}", StateName(file.state),
                           FormatSize(file.task.size_bytes), Printable(text)));
    }
    return {};
  }));
  Json summary = RecordJson(record);
  summary.erase("type");
  summary["filesDone"] = done;
  summary["filesFailed"] = failed;
  return Outcome{.summary = std::move(summary)};
}
}  // namespace

Command TransferShowCommand() {
  return {.name = "transfer show",
          .summary = "Show one transfer and its failed files",
          .details = "",
          .arguments = {{"ID", "The id of a transfer"}},
          .options = {{.name = "files", .help = "All files, not only the failed ones"}},
          .examples = {"stateferry transfer show 0123456789abcdef --files"},
          .run = RunTransferShow};
}

}  // namespace stateferry::cli
