#pragma once
// From the words of a command line to a command, its arguments and the options that were given.
// Boost.Program_options and its exceptions stay inside parse.cc.

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/command.h"

namespace stateferry::cli {

struct ParsedLine {
  const Command* command = nullptr;  ///< null: no command was named
  std::vector<std::string> arguments;
  std::map<std::string, std::vector<std::string>> flags;  ///< by option name; all values given
};

/// `words` without the program's name.  Values are not looked at.
/// Errors: kInvalidArgument, with a hint that names the nearest known word.
Result<ParsedLine> ParseLine(const std::vector<std::string>& words);

/// kInvalidArgument unless the number of arguments is right.
Result<void> CheckArguments(const Command& command, const std::vector<std::string>& arguments);

/// What "--output json" and "--output=json" say, read without understanding the rest: errors of
/// usage are printed in the form that was asked for.
bool WantsJson(const std::vector<std::string>& words, bool fallback);

}  // namespace stateferry::cli
