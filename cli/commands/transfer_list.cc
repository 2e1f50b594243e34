#include <fmt/format.h>

#include <algorithm>

#include "cli/commands/all.h"
#include "cli/record_lines.h"

namespace stateferry::cli {

namespace {
Result<Outcome> RunTransferList(App& app) {
  SF_TRY(const auto journal, app.ExistingJournal());
  std::vector<transfer::TransferRecord> records;
  if (journal) {
    SF_TRY(records, (*journal)->List());
  }
  // By id they come from the journal, and ids are hashes.
  std::stable_sort(records.begin(), records.end(),
                   [](const auto& a, const auto& b) { return a.updated < b.updated; });
  const std::string status = app.options().Text("status");
  std::uint64_t shown = 0;
  for (const transfer::TransferRecord& record : records) {
    if (!status.empty() && transfer::StatusName(record.status) != status) continue;
    ++shown;
    app.out().Item(RecordJson(record));
    app.out().Id(record.id);
    for (const std::string& line : RecordSummaryLines(record)) app.out().Line(line);
  }
  if (shown == 0) app.out().Note("no transfers");
  return Outcome{.summary = {{"transfers", shown}}};
}
}  // namespace

Command TransferListCommand() {
  return {.name = "transfer list",
          .summary = "List the transfers of this home",
          .details = "In order of time: the one that ran last comes last.",
          .arguments = {},
          .options = {{.name = "status",
                       .kind = ValueKind::kChoice,
                       .value_name = "STATUS",
                       .help = "Only those in this state",
                       .choices = {"planned", "running", "verifying", "committed", "failed",
                                   "cancelled"}}},
          .examples = {"stateferry transfer list --status running"},
          .run = RunTransferList};
}

}  // namespace stateferry::cli
