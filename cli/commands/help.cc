#include "cli/help.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/commands/all.h"
#include "cli/man_pages.h"

namespace stateferry::cli {

namespace {
Error Unknown(const std::string& name) {
  return Error(ErrorCode::kInvalidArgument, fmt::format("'{}' is not a command", name))
      .WithHint("`stateferry help` lists the commands");
}

/// All pages without a name; else the one of a command, or of "stateferry", "stateferry-config".
Result<std::string> Manual(const std::string& name) {
  std::string dashed = name;
  std::replace(dashed.begin(), dashed.end(), ' ', '-');
  std::string text;
  for (const ManPage& page : ManPages())
    if (name.empty() || page.name == dashed || page.name == "stateferry-" + dashed)
      text += page.text;
  if (text.empty()) return Unknown(name);
  return text;
}

Result<std::string> Markdown(const std::string& name) {
  if (name.empty()) return MarkdownReference();
  const Command* command = FindCommand(name);
  if (command == nullptr) return Unknown(name);
  return CommandMarkdown(*command);
}

Result<std::string> Text(const std::vector<std::string>& words, const std::string& name) {
  if (const Command* command = FindCommand(name)) return CommandHelp(*command);
  std::string text = OverviewHelp(words);
  // A group ("store") has help of its own; anything else is a mistake.
  if (!words.empty() && (words.size() > 1 || text == OverviewHelp({}))) return Unknown(name);
  return text;
}

Result<Outcome> RunHelp(App& app) {
  std::string name;
  for (const std::string& word : app.arguments()) name += (name.empty() ? "" : " ") + word;
  const std::string format = app.options().Text("format");
  SF_TRY(const std::string text, format == "man"        ? Manual(name)
                                 : format == "markdown" ? Markdown(name)
                                                        : Text(app.arguments(), name));
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
          .run = RunHelp};
}

}  // namespace stateferry::cli
