#pragma once
// What a command is.  One file per command in cli/commands/, listed in cli/commands.cc.

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "cli/exit_code.h"
#include "cli/option_spec.h"

namespace stateferry::cli {

class App;

/// What a command came to when it did not fail as a whole; becomes the last JSON line.
struct Outcome {
  ExitCode code = ExitCode::kOk;
  std::string status = "ok";
  Json summary = Json::object();
};

struct Argument {
  std::string name = {};  ///< "SNAPSHOT"
  std::string help = {};
  bool required = true;
  bool repeatable = false;                ///< only for the last one
  std::vector<std::string> choices = {};  ///< offered by completion; the command checks them
};

enum class DryRun {
  kReadsOnly,    ///< changes nothing anyway
  kSupported,    ///< run() honours --dry-run
  kUnsupported,  ///< --dry-run is refused, so that nobody trusts it in vain
};

struct Command {
  std::string name = {};     ///< "store init"
  std::string summary = {};  ///< one line without its full stop
  std::string details = {};  ///< paragraphs, '\n' between them; may be empty
  std::vector<Argument> arguments = {};
  std::vector<OptionSpec> options = {};    ///< besides the global ones
  std::vector<std::string> examples = {};  ///< command lines
  DryRun dry_run = DryRun::kReadsOnly;
  /// run() watches App::stop(): SIGINT and SIGTERM then ask first instead of ending the process.
  bool stops_cleanly = false;
  /// --profile may name a profile that no file has yet.
  bool makes_profile = false;
  /// Works whatever the configuration says, and when nobody can read it.
  bool ignores_settings = false;
  /// Parses what is special, calls one function of the layers below, prints one value.
  Result<Outcome> (*run)(App& app) = nullptr;
};

/// Every command, in the order of the help.
const std::vector<Command>& Commands();
/// Null when there is none of that name.
const Command* FindCommand(std::string_view name);

}  // namespace stateferry::cli
