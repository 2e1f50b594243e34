// The registration: one line per command, in the order of the help.
#include <algorithm>

#include "cli/commands/all.h"

namespace stateferry::cli {

const std::vector<Command>& Commands() {
  // It would set an even number of lines in two columns.
  // clang-format off
  static const std::vector<Command> commands = {
      InspectCommand(),
      SnapshotListCommand(),
      SnapshotLatestCommand(),
      CopyCommand(),
      RelocateCommand(),
      VerifyCommand(),
      OrphansCommand(),
      TransferListCommand(),
      TransferShowCommand(),
      TransferResumeCommand(),
      TransferCancelCommand(),
      TransferPruneCommand(),
      CloneCheckCommand(),
      CloneStartCommand(),
      CloneStatusCommand(),
      CloneWatchCommand(),
      CloneStopCommand(),
      CloneResumeCommand(),
      CloneShowCommand(),
      CloneHistoryCommand(),
      CloneRenamesCommand(),
      CloneVerifyCommand(),
      StoreInitCommand(),
      StoreInfoCommand(),
      StoreCheckCommand(),
      StoreGcCommand(),
      StoreForgetCommand(),
      StoreRebuildIndexCommand(),
      ProjectListCommand(),
      ProjectShowCommand(),
      ProjectCreateCommand(),
      ProjectImportCommand(),
      ProjectExportCommand(),
      ProjectDiffCommand(),
      ProjectRemoveCommand(),
      BenchCopyCommand(),
      BenchGenerateCommand(),
      PolicyPrintCommand(),
      DoctorCommand(),
      ConfigGetCommand(),
      ConfigSetCommand(),
      ConfigPathCommand(),
      ConfigListProfilesCommand(),
      ConfigListPlacesCommand(),
      CompletionCommand(),
      VersionCommand(),
      HelpCommand(),
  };
  // clang-format on
  return commands;
}

const Command* FindCommand(std::string_view name) {
  const auto it = std::find_if(Commands().begin(), Commands().end(),
                               [&](const Command& command) { return command.name == name; });
  return it == Commands().end() ? nullptr : &*it;
}

}  // namespace stateferry::cli
