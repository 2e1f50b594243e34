#pragma once
// Help, reference pages and manual pages, all made from the table of commands.

#include <string>
#include <vector>

#include "cli/command.h"

namespace stateferry::cli {

/// What `stateferry COMMAND --help` prints; no line longer than 80 columns.
std::string CommandHelp(const Command& command);
/// The list of commands; only those of one group when `words` starts with a group's name.
std::string OverviewHelp(const std::vector<std::string>& words);
/// "[--layout LAYOUT] SNAPSHOT DST" behind the name.
std::string UsageLine(const Command& command);

/// The reference of all commands as Markdown, for docs/howto/command-line.md.
std::string MarkdownReference();
/// A page for man(1), section 1.
std::string ManPage(const Command& command);

}  // namespace stateferry::cli
