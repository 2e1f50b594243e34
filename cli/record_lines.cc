#include "cli/record_lines.h"

#include <fmt/format.h>

#include "cli/closest.h"
#include "cli/units.h"

namespace stateferry::cli {

namespace {
std::string Size(const transfer::TransferRecord& record) {
  if (!record.plan_complete) return "not planned yet";
  return fmt::format("{}, {}", Count(record.files_total, "file"), FormatSize(record.bytes_total));
}

/// A word of the recorded command line as a shell reads it.
std::string ShellWord(const std::string& word) {
  if (!word.empty() && word.find_first_of(" \t\n'\"\\$`*?[]{}()<>|&;#~!") == std::string::npos)
    return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string CommandText(const transfer::TransferRecord& record) {
  std::string text = "stateferry";
  for (const std::string& word : record.command) text += " " + ShellWord(word);
  return text;
}
}  // namespace

std::vector<std::string> RecordSummaryLines(const transfer::TransferRecord& record) {
  return {fmt::format("{}  {:<9}  {:<8}  {}  {}", record.id, transfer::StatusName(record.status),
                      record.kind, record.updated, Size(record)),
          fmt::format("  {} -> {}", record.from, record.to)};
}

std::vector<std::string> RecordLines(const transfer::TransferRecord& record) {
  std::vector<std::string> lines = {
      "transfer  " + record.id,
      fmt::format("state     {}", transfer::StatusName(record.status)),
      "kind      " + record.kind,
      "from      " + record.from,
      "to        " + record.to,
      "size      " + Size(record),
      "created   " + record.created,
      "updated   " + record.updated,
      "command   " + CommandText(record),
  };
  if (!record.error.empty()) lines.push_back("error     " + record.error);
  return lines;
}

Json RecordJson(const transfer::TransferRecord& record) {
  Json json = {{"type", "transfer"},
               {"id", record.id},
               {"status", std::string(transfer::StatusName(record.status))},
               {"kind", record.kind},
               {"from", record.from},
               {"to", record.to},
               {"parameters", record.parameters},
               {"command", record.command},
               {"created", record.created},
               {"updated", record.updated},
               {"planComplete", record.plan_complete},
               {"filesTotal", record.files_total},
               {"bytesTotal", record.bytes_total}};
  if (!record.error.empty()) json["error"] = record.error;
  if (!record.summary.empty())
    if (auto summary = ParseJson(record.summary)) json["report"] = std::move(*summary);
  return json;
}

Result<transfer::TransferRecord> FindRecord(App& app, std::size_t index) {
  const std::string id = app.argument(index);
  SF_TRY(const auto journal, app.ExistingJournal());
  std::optional<std::string> closest;
  if (journal) {
    SF_TRY(auto record, (*journal)->Find(id));
    if (record) return std::move(*record);
    SF_TRY(const auto records, (*journal)->List());
    std::vector<std::string> ids;
    for (const transfer::TransferRecord& known : records) ids.push_back(known.id);
    closest = ClosestWord(id, ids);
  }
  return Error(ErrorCode::kNotFound, fmt::format("no transfer has the id '{}'", id))
      .WithHint(closest ? fmt::format("did you mean {}?", *closest)
                        : "`stateferry transfer list` shows them");
}

}  // namespace stateferry::cli
