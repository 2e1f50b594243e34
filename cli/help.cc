#include "cli/help.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

namespace stateferry::cli {

namespace {
constexpr std::size_t kWidth = 80;
constexpr std::size_t kOptionColumn = 26;

/// Paragraphs filled to kWidth; continuation lines start at `indent`.
std::string Filled(const std::string& text, std::size_t indent, std::size_t at_column) {
  std::string filled;
  std::size_t column = at_column;
  std::istringstream lines(text);
  bool first_line = true;
  for (std::string line; std::getline(lines, line);) {
    if (!first_line) {
      filled += "\n" + std::string(indent, ' ');
      column = indent;
    }
    first_line = false;
    std::istringstream words(line);
    bool first_word = true;
    for (std::string word; words >> word;) {
      if (!first_word && column + 1 + word.size() > kWidth) {
        filled += "\n" + std::string(indent, ' ');
        column = indent;
        first_word = true;
      }
      filled += (first_word ? "" : " ") + word;
      column += word.size() + (first_word ? 0 : 1);
      first_word = false;
    }
  }
  return filled;
}

std::string TwoColumns(const std::string& left, const std::string& right) {
  std::string line = "  " + left;
  if (line.size() + 2 > kOptionColumn)
    line += "\n" + std::string(kOptionColumn, ' ');
  else
    line += std::string(kOptionColumn - line.size(), ' ');
  return line + Filled(right, kOptionColumn, kOptionColumn) + "\n";
}

std::string OptionLines(const std::vector<OptionSpec>& table) {
  std::string lines;
  for (const OptionSpec& spec : table)
    lines += TwoColumns((spec.letter == 0 ? "    " : "") + OptionHead(spec), OptionText(spec));
  return lines;
}
}  // namespace

std::string OptionHead(const OptionSpec& spec) {
  std::string head = spec.letter != 0 ? fmt::format("-{}, ", spec.letter) : "";
  head += "--" + spec.name;
  if (spec.takes_value()) head += " " + spec.value_name;
  return head;
}

std::string OptionText(const OptionSpec& spec) {
  std::string text = spec.help;
  if (!spec.choices.empty()) text += fmt::format(": {}", fmt::join(spec.choices, ", "));
  if (spec.repeatable) text += "; may be given more than once";
  if (!spec.default_text.empty()) text += fmt::format(" (default {})", spec.default_text);
  return text;
}

std::string UsageLine(const Command& command) {
  std::string line = command.name;
  if (!command.options.empty()) line += " [OPTIONS]";
  for (const Argument& argument : command.arguments) {
    const std::string dots = argument.repeatable ? "..." : "";
    line += argument.required ? fmt::format(" {}{}", argument.name, dots)
                              : fmt::format(" [{}{}]", argument.name, dots);
  }
  return line;
}

std::string CommandHelp(const Command& command) {
  std::string text = fmt::format("Usage: stateferry {}\n\n{}.\n", UsageLine(command),
                                 Filled(command.summary, 0, 0));
  if (!command.details.empty()) text += "\n" + Filled(command.details, 0, 0) + "\n";
  if (!command.arguments.empty()) {
    text += "\nArguments:\n";
    for (const Argument& argument : command.arguments)
      text += TwoColumns(argument.name, argument.help);
  }
  if (!command.options.empty()) text += "\nOptions:\n" + OptionLines(command.options);
  text += "\nOptions of every command:\n" + OptionLines(GlobalOptions());
  if (!command.examples.empty()) {
    text += "\nExamples:\n";
    for (const std::string& example : command.examples) text += "  " + example + "\n";
  }
  return text;
}

std::string CommandMarkdown(const Command& command) {
  std::string text = fmt::format("### {}\n\n{}.\n\n```\nstateferry {}\n```\n\n", command.name,
                                 command.summary, UsageLine(command));
  if (!command.details.empty()) {
    std::istringstream lines(command.details);
    for (std::string line; std::getline(lines, line);) text += line + "\n\n";
  }
  if (!command.arguments.empty() || !command.options.empty()) {
    text += "| | |\n|---|---|\n";
    for (const Argument& argument : command.arguments)
      text += fmt::format("| `{}` | {} |\n", argument.name, argument.help);
    for (const OptionSpec& spec : command.options)
      text += fmt::format("| `{}` | {} |\n", OptionHead(spec), OptionText(spec));
    text += "\n";
  }
  if (!command.examples.empty())
    text += fmt::format("```\n{}\n```\n\n", fmt::join(command.examples, "\n"));
  return text;
}

std::string OverviewHelp(const std::vector<std::string>& words) {
  std::string group;
  for (const std::string& word : words) {
    const bool known =
        std::any_of(Commands().begin(), Commands().end(),
                    [&](const Command& command) { return command.name.starts_with(word + " "); });
    if (known && group.empty()) group = word;
  }
  std::string text;
  if (group.empty())
    text =
        "stateferry moves Flink snapshots between buckets and managed storage, so that\n"
        "they restore where they arrive.\n\n";
  text += fmt::format("Usage: stateferry [OPTIONS] {} ...\n\nCommands:\n",
                      group.empty() ? "COMMAND" : group + " COMMAND");
  for (const Command& command : Commands())
    if (group.empty() || command.name.starts_with(group + " "))
      text += TwoColumns(command.name, command.summary);
  if (group.empty()) text += "\nOptions of every command:\n" + OptionLines(GlobalOptions());
  return text + "\n" +
         Filled("`stateferry COMMAND --help` explains one command.  " + PlacesAndExitCodes(), 0,
                0) +
         "\n";
}

std::string PlacesAndExitCodes() {
  return "Places are paths (/p), file:///p or managed:///STORE/PROJECT/KEY.  Exit codes: 0 done, "
         "2 usage, 3 partly done, 4 refused, 5 permission, 6 not found, 7 integrity, 8 transient, "
         "9 nothing to do, 10 stopped, 11 locked or conflict, 1 any other failure.";
}

std::string MarkdownReference() {
  std::string text = "### Options of every command\n\n| | |\n|---|---|\n";
  for (const OptionSpec& spec : GlobalOptions())
    text += fmt::format("| `{}` | {} |\n", OptionHead(spec), OptionText(spec));
  text += "\n";
  for (const Command& command : Commands()) text += CommandMarkdown(command);
  text.pop_back();
  return text;
}

}  // namespace stateferry::cli
