#pragma once
// The options that every transfer has, and how its report is shown.

#include <string>
#include <string_view>
#include <vector>

#include "cli/app.h"
#include "cli/command.h"
#include "transfer/report.h"
#include "transfer/request.h"

namespace stateferry::cli {

std::vector<OptionSpec> TransferFlags();
/// `own` and the options about new objects in a bucket.  kYes: `transfer resume` repeats them,
/// where the place does not say them.
enum class Recorded { kNo, kYes };
std::vector<OptionSpec> WithNewObjectFlags(std::vector<OptionSpec> own,
                                           Recorded recorded = Recorded::kNo);
/// `own`, those of TransferFlags() that are about how bytes are moved, and those about new objects:
/// for what makes many transfers.
std::vector<OptionSpec> WithMovingFlags(std::vector<OptionSpec> own);
/// `own`, TransferFlags(), and those about new objects in a bucket.
std::vector<OptionSpec> WithTransferFlags(std::vector<OptionSpec> own);

/// What is said of new objects; nothing for a command without such flags.
storage::s3::NewObjectsSaid NewObjectsFrom(const OptionValues& options);
/// Errors: kInvalidArgument: a flag on the command line while `place`, which `argument` names, is
/// in no bucket; a value that cannot stand in a URI.
Result<void> CheckNewObjectFlags(const OptionValues& options, const storage::Location& place,
                                 std::string_view argument);

/// The argument as a place to be written to, with the options about new objects.  Those behind the
/// location win.  Errors: kInvalidArgument.
Result<storage::Location> DestinationOf(const App& app, std::size_t index);

transfer::TransferOptions TransferOptionsFrom(const App& app);

/// The command line that `transfer resume` runs: command, absolute places, recorded options.
std::vector<std::string> RecordedCommand(const App& app,
                                         const std::vector<storage::Location>& places);

/// Lines of text about what was moved, reused, skipped and stored.
std::vector<std::string> ReportLines(const transfer::TransferReport& report);

/// Code and status of a finished run.  Files that failed are printed: kIntegrity when all of them
/// are damaged, else kPartlyDone.
Outcome TransferOutcome(App& app, const transfer::TransferReport& report);

}  // namespace stateferry::cli
