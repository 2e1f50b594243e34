#include "cli/clone_flags.h"

#include "base/json.h"
#include "cli/project_flags.h"

namespace stateferry::cli {

std::vector<OptionSpec> CloneFlags() {
  std::vector<OptionSpec> flags = EntityFilter::Options("Clone, with what they need, only");
  const std::vector<OptionSpec> how = {
      {.name = "state",
       .kind = ValueKind::kChoice,
       .value_name = "HOW",
       .help = "Take the newest snapshot of each job along, or only configuration and code",
       .default_text = "stateful",
       .choices = {"stateful", "stateless"},
       .only_on_command_line = true,
       .rule = "C-37"},
      {.name = "running",
       .kind = ValueKind::kChoice,
       .value_name = "HOW",
       .help = "Leave running streaming jobs out, which keeps two of a kind from running (for "
               "migration), or clone them too (for backup)",
       .default_text = "skip",
       .choices = {"skip", "include"},
       .only_on_command_line = true,
       .rule = "C-37"},
      {.name = "on-error",
       .kind = ValueKind::kChoice,
       .value_name = "HOW",
       .help = "When an item fails: go on with the others, stop, or clone a job whose state fails "
               "without its state",
       .default_text = "continue",
       .choices = {"continue", "stop", "stateless"},
       .only_on_command_line = true,
       .rule = "C-37"},
      {.name = "max-snapshot-age",
       .kind = ValueKind::kDuration,
       .value_name = "TIME",
       .help = "Warn of chosen snapshots that are older",
       .default_text = "1h",
       .rule = "C-37"},
      {.name = "account",
       .kind = ValueKind::kText,
       .value_name = "NAME",
       .help = "Who asks: a member of the target with the right to clone"},
      {.name = "required-role",
       .kind = ValueKind::kChoice,
       .value_name = "ROLE",
       .help = "The least role of --account in the target; with less it needs the right 'clone'",
       .default_text = "OWNER",
       .choices = {"OWNER", "EDITOR", "VIEWER"},
       .rule = "C-37"},
      {.name = "target-name-template",
       .kind = ValueKind::kText,
       .value_name = "TEXT",
       .help = "Names of jobs and drafts at the target; may hold {name} and {date:%Y%m%d}",
       .only_on_command_line = true},
      {.name = "label",
       .kind = ValueKind::kText,
       .value_name = "TEXT",
       .help = "What it is for; 'backup' wants an empty target",
       .only_on_command_line = true},
      {.name = "storage-reader",
       .kind = ValueKind::kText,
       .value_name = "PRINCIPAL",
       .help = "Who reads the source's bucket for managed storage, for messages about its rights",
       .default_text = std::string(state::clone::kManagedAccount)},
  };
  flags.insert(flags.end(), how.begin(), how.end());
  return flags;
}

Result<state::clone::CloneRequest> CloneRequestFrom(const App& app) {
  const OptionValues& options = app.options();
  // One reading of the words for command line and API.
  Json json = {{"source", app.argument(0)},
               {"target", app.argument(1)},
               {"account", options.Text("account")},
               {"kinds", options.Texts("kind")},
               {"names", options.Texts("name")},
               {"state", options.Text("state")},
               {"running", options.Text("running")},
               {"onError", options.Text("on-error")},
               {"nameTemplate", options.Text("target-name-template")},
               {"label", options.Text("label")},
               {"storageReader", options.Text("storage-reader")}};
  SF_TRY(auto request, state::clone::CloneRequestFromJson(json));
  request.required_role = options.Text("required-role");
  request.max_snapshot_age =
      std::chrono::ceil<std::chrono::seconds>(options.Duration("max-snapshot-age"));
  return request;
}

}  // namespace stateferry::cli
