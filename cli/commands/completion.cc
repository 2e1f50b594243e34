#include "cli/completion.h"

#include <fmt/format.h>

#include "cli/commands/all.h"

namespace stateferry::cli {

namespace {
Result<Outcome> RunCompletion(App& app) {
  const std::string shell = app.argument(0);
  std::string script;
  if (shell == "bash")
    script = BashCompletion();
  else if (shell == "zsh")
    script = ZshCompletion();
  else if (shell == "fish")
    script = FishCompletion();
  else
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("'{}' is not a shell that has completion here", shell))
        .WithHint("known: bash, zsh, fish");
  app.out().Raw(script);
  return Outcome{.summary = {{"shell", shell}, {"script", script}}};
}
}  // namespace

Command CompletionCommand() {
  return {.name = "completion",
          .summary = "Print a completion script for a shell",
          .details = "",
          .arguments = {{.name = "SHELL",
                         .help = "bash, zsh or fish",
                         .choices = {"bash", "zsh", "fish"}}},
          .options = {},
          .examples = {"source <(stateferry completion bash)"},
          .run = RunCompletion};
}

}  // namespace stateferry::cli
