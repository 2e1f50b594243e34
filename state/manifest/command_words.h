#pragma once
// The arguments of a program as one line, as a shell would write them.

#include <string>
#include <string_view>
#include <vector>

namespace stateferry::state::manifest {

/// Words that blanks or quotes would blur stand in single quotes.
std::string JoinWords(const std::vector<std::string>& words);
/// The words of a line; quotes ('', "") and backslashes as in a shell, nothing else has a meaning.
/// Of a quote that nobody closed everything behind it is one word.
std::vector<std::string> SplitWords(std::string_view line);

}  // namespace stateferry::state::manifest
