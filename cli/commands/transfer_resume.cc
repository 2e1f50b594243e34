#include <algorithm>

#include "cli/commands/all.h"
#include "cli/record_lines.h"
#include "cli/transfer_flags.h"

namespace stateferry::cli {

namespace {
/// The recorded line with the options of this line behind its own, where they win.
std::vector<std::string> Combined(const std::vector<std::string>& recorded,
                                  const std::vector<std::string>& given) {
  const auto end = std::find(recorded.begin(), recorded.end(), "--");
  std::vector<std::string> words(recorded.begin(), end);
  words.insert(words.end(), given.begin(), given.end());
  words.insert(words.end(), end, recorded.end());
  return words;
}

Result<Outcome> RunTransferResume(App& app) {
  SF_TRY(const transfer::TransferRecord record, FindRecord(app, 0));
  if (record.command.empty())
    return Error(ErrorCode::kRefused, "this transfer was recorded without its command line")
        .WithHint("give the command again that started it");
  app.CloseHome();
  return app.Run(Combined(record.command, app.given_words()));
}
}  // namespace

Command TransferResumeCommand() {
  return {.name = "transfer resume",
          .summary = "Go on with a transfer that was stopped or failed",
          .details = "Runs the recorded command again; what is done already is not moved again.",
          .arguments = {{"ID", "The id of a transfer"}},
          .options = TransferFlags(),
          .examples = {"stateferry transfer resume 0123456789abcdef --bwlimit off"},
          .dry_run = DryRun::kSupported,
          .stops_cleanly = true,
          .run = RunTransferResume};
}

}  // namespace stateferry::cli
