#pragma once
// The makers of all commands; each is defined in a file of its own in this folder.

#include "cli/app.h"
#include "cli/command.h"

namespace stateferry::cli {

Command InspectCommand();
Command SnapshotListCommand();
Command SnapshotLatestCommand();
Command CopyCommand();
Command RelocateCommand();
Command VerifyCommand();
Command OrphansCommand();
Command TransferListCommand();
Command TransferShowCommand();
Command TransferResumeCommand();
Command TransferCancelCommand();
Command TransferPruneCommand();
Command CloneCheckCommand();
Command CloneStartCommand();
Command CloneStatusCommand();
Command CloneWatchCommand();
Command CloneStopCommand();
Command CloneResumeCommand();
Command CloneShowCommand();
Command CloneHistoryCommand();
Command CloneRenamesCommand();
Command CloneVerifyCommand();
Command StoreInitCommand();
Command StoreInfoCommand();
Command StoreCheckCommand();
Command StoreGcCommand();
Command StoreForgetCommand();
Command StoreRebuildIndexCommand();
Command ProjectListCommand();
Command ProjectShowCommand();
Command ProjectCreateCommand();
Command ProjectImportCommand();
Command ProjectExportCommand();
Command ProjectDiffCommand();
Command ProjectRemoveCommand();
Command BenchCopyCommand();
Command BenchGenerateCommand();
Command PolicyPrintCommand();
Command DoctorCommand();
Command CompletionCommand();
Command ConfigGetCommand();
Command ConfigSetCommand();
Command ConfigPathCommand();
Command ConfigListProfilesCommand();
Command ConfigListPlacesCommand();
Command VersionCommand();
Command HelpCommand();

}  // namespace stateferry::cli
