#pragma once
// Help and reference pages, made from the table of commands; man_pages.h has the manual.

#include <string>
#include <vector>

#include "cli/command.h"

namespace stateferry::cli {

/// What `stateferry COMMAND --help` prints; no line longer than 80 columns.
std::string CommandHelp(const Command& command);
/// The same for the reference.
std::string CommandMarkdown(const Command& command);
/// The list of commands; only those of one group when `words` starts with a group's name.
std::string OverviewHelp(const std::vector<std::string>& words);
/// "[--layout LAYOUT] SNAPSHOT DST" behind the name.
std::string UsageLine(const Command& command);

/// The reference of all commands as Markdown, for docs/howto/command-line.md.
std::string MarkdownReference();
/// What the overview and the manual say of them.
std::string PlacesAndExitCodes();
/// "-q, --quiet", "--layout LAYOUT".
std::string OptionHead(const OptionSpec& spec);
/// The sentence of the option with its choices and its default.
std::string OptionText(const OptionSpec& spec);

}  // namespace stateferry::cli
