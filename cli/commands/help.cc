#include "cli/help.h"

#include <fmt/format.h>

#include "cli/commands/all.h"

namespace stateferry::cli {

namespace {
Result<Outcome> Run(App& app) {
  std::string name;
  for (const std::string& word : app.arguments()) name += (name.empty() ? "" : " ") + word;
  const std::string format = app.options().Text("format");
  std::string text;
  const Command* command = name.empty() ? nullptr : FindCommand(name);
  if (command != nullptr) {
    text = format == "man" ? ManPage(*command) : CommandHelp(*command);
  } else if (name.empty() && format == "markdown") {
    text = MarkdownReference();
  } else if (name.empty() && format == "man") {
    for (const Command& each : Commands()) text += ManPage(each);
  } else {
    text = OverviewHelp(app.arguments());
    // A group ("store") has help of its own; any other unknown word is a mistake.
    if (!name.empty() && text == OverviewHelp({}))
      return Error(ErrorCode::kInvalidArgument, fmt::format("'{}' is not a command", name))
          .WithHint("`stateferry help` lists the commands");
  }
  app.out().Raw(text);
  return Outcome{.summary = {{"text", text}}};
}
}  // namespace

Command HelpCommand() {
  return {.name = "help",
          .summary = "Explain a command, or list all of them",
          .details = "",
          .arguments = {{.name = "COMMAND",
                         .help = "The command to explain",
                         .required = false,
                         .repeatable = true}},
          .options = {{.name = "format",
                       .kind = ValueKind::kChoice,
                       .value_name = "FORMAT",
                       .help = "Text, the reference of all commands, or a manual page",
                       .default_text = "text",
                       .choices = {"text", "markdown", "man"}}},
          .examples = {"stateferry help store check"},
          .run = Run};
}

}  // namespace stateferry::cli
