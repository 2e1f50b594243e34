#include "cli/parse.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <set>

#include "cli/closest.h"

namespace stateferry::cli {

namespace {
namespace po = boost::program_options;

Error Usage(std::string message) { return Error(ErrorCode::kInvalidArgument, std::move(message)); }

std::vector<std::string> DashedNames(const std::vector<OptionSpec>& table) {
  std::vector<std::string> names;
  for (const OptionSpec& spec : table) names.push_back("--" + spec.name);
  return names;
}

std::string DidYouMean(std::string_view typed, const std::vector<std::string>& known,
                       std::string otherwise) {
  const auto closest = ClosestWord(typed, known);
  return closest ? fmt::format("did you mean {}?", *closest) : std::move(otherwise);
}

/// Global options and those of all commands: enough to know which words are values.
std::vector<OptionSpec> AllOptions() {
  std::vector<OptionSpec> all = GlobalOptions();
  for (const Command& command : Commands())
    all.insert(all.end(), command.options.begin(), command.options.end());
  return all;
}

/// Positions of the words that are neither options nor their values.
std::vector<std::size_t> PlainWords(const std::vector<std::string>& words) {
  std::set<std::string> with_value;
  for (const OptionSpec& spec : AllOptions())
    if (spec.takes_value()) with_value.insert("--" + spec.name);
  std::vector<std::size_t> plain;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--") break;
    if (words[i].size() > 1 && words[i][0] == '-') {
      if (with_value.contains(words[i])) ++i;
    } else {
      plain.push_back(i);
    }
  }
  return plain;
}

/// Names that start with `group` and a blank, without that.
std::vector<std::string> Subcommands(const std::string& group) {
  std::vector<std::string> names;
  for (const Command& command : Commands())
    if (command.name.starts_with(group + " "))
      names.push_back(command.name.substr(group.size() + 1));
  return names;
}

std::vector<std::string> FirstWords() {
  std::vector<std::string> names;
  for (const Command& command : Commands()) {
    const std::string first = command.name.substr(0, command.name.find(' '));
    if (std::find(names.begin(), names.end(), first) == names.end()) names.push_back(first);
  }
  return names;
}

/// Finds the command and takes its one or two words out of `words`.
Result<const Command*> TakeCommand(std::vector<std::string>& words) {
  const std::vector<std::size_t> plain = PlainWords(words);
  if (plain.empty()) return static_cast<const Command*>(nullptr);
  const std::string first = words[plain[0]];
  if (const Command* command = FindCommand(first)) {
    words.erase(words.begin() + static_cast<std::ptrdiff_t>(plain[0]));
    return command;
  }
  const std::vector<std::string> subcommands = Subcommands(first);
  if (subcommands.empty())
    return Usage(fmt::format("'{}' is not a command", first))
        .WithHint(DidYouMean(first, FirstWords(), "`stateferry help` lists the commands"));
  if (plain.size() < 2) {
    const bool wants_help = std::any_of(words.begin(), words.end(), [](const std::string& word) {
      return word == "--help" || word == "-h";
    });
    if (wants_help) return static_cast<const Command*>(nullptr);
    return Usage(
        fmt::format("'{}' needs one of {} behind it", first, fmt::join(subcommands, ", ")));
  }
  const std::string second = words[plain[1]];
  const Command* command = FindCommand(first + " " + second);
  if (command == nullptr)
    return Usage(fmt::format("'{} {}' is not a command", first, second))
        .WithHint(DidYouMean(second, subcommands,
                             fmt::format("known: {} {}", first, fmt::join(subcommands, "|"))));
  words.erase(words.begin() + static_cast<std::ptrdiff_t>(plain[1]));
  words.erase(words.begin() + static_cast<std::ptrdiff_t>(plain[0]));
  return command;
}

/// An option that exists, only not for this command, deserves another sentence.
Error UnknownOption(const std::string& typed, const Command* command,
                    const std::vector<OptionSpec>& table) {
  const std::string name = typed.substr(0, typed.find('='));
  const std::string bare = name.substr(name.find_first_not_of('-'));
  std::string where = command == nullptr ? "" : fmt::format(" of {}", command->name);
  std::vector<std::string> owners;
  for (const Command& other : Commands())
    for (const OptionSpec& spec : other.options)
      if (spec.name == bare) owners.push_back(other.name);
  Error error = Usage(fmt::format("{} is not an option{}", name, where));
  if (!owners.empty() && command != nullptr && !ClosestWord(name, DashedNames(table)))
    return std::move(error).WithHint(fmt::format("it is an option of {}", fmt::join(owners, ", ")));
  return std::move(error).WithHint(DidYouMean(
      name, DashedNames(table),
      command == nullptr ? "`stateferry help` lists the commands"
                         : fmt::format("`stateferry {} --help` lists the options", command->name)));
}

po::options_description Describe(const std::vector<OptionSpec>& table) {
  po::options_description description;
  for (const OptionSpec& spec : table) {
    std::string names = spec.name;
    if (spec.letter != 0) names += std::string(",") + spec.letter;
    if (spec.takes_value())
      description.add_options()(names.c_str(), po::value<std::string>(), "");
    else
      description.add_options()(names.c_str(), new po::untyped_value(true), "");
  }
  return description;
}

Error FromBoost(const po::error& problem, const Command* command,
                const std::vector<OptionSpec>& table) {
  if (const auto* unknown = dynamic_cast<const po::unknown_option*>(&problem))
    return UnknownOption(unknown->get_option_name(), command, table);
  if (const auto* syntax = dynamic_cast<const po::invalid_syntax*>(&problem)) {
    const std::string name = syntax->tokens();
    using Kind = po::invalid_syntax::kind_t;
    if (syntax->kind() == Kind::missing_parameter ||
        syntax->kind() == Kind::empty_adjacent_parameter)
      return Usage(fmt::format("{} needs a value", name));
    if (syntax->kind() == Kind::extra_parameter)
      return Usage(fmt::format("{} takes no value", name));
  }
  return Usage(problem.what());
}
}  // namespace

Result<ParsedLine> ParseLine(const std::vector<std::string>& given) {
  std::vector<std::string> words = given;
  // What nearly every program understands.
  if (words == std::vector<std::string>{"--version"}) words = {"version"};
  ParsedLine line;
  SF_TRY(line.command, TakeCommand(words));
  std::vector<OptionSpec> table = GlobalOptions();
  if (line.command != nullptr)
    table.insert(table.end(), line.command->options.begin(), line.command->options.end());

  const po::options_description description = Describe(table);
  try {
    // No guessing of cut-off names: a script must not change its meaning when an option is added.
    const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    const auto parsed = po::command_line_parser(words).options(description).style(style).run();
    for (const auto& option : parsed.options) {
      if (option.position_key != -1)
        line.arguments.insert(line.arguments.end(), option.value.begin(), option.value.end());
      else
        line.flags[option.string_key].push_back(option.value.empty() ? "true" : option.value[0]);
    }
  } catch (const po::error& problem) {
    return FromBoost(problem, line.command, table);
  }
  return line;
}

Result<void> CheckArguments(const Command& command, const std::vector<std::string>& arguments) {
  std::size_t index = 0;
  for (const Argument& argument : command.arguments) {
    if (index >= arguments.size()) {
      if (argument.required)
        return Usage(fmt::format("{} needs {}", command.name, argument.name))
            .WithHint(fmt::format("`stateferry {} --help` explains it", command.name));
      return {};
    }
    const std::size_t count = argument.repeatable ? arguments.size() - index : 1;
    for (std::size_t i = index; i < index + count; ++i)
      if (arguments[i].empty())
        return Usage(fmt::format("{} of {} is empty", argument.name, command.name));
    index += count;
  }
  if (index < arguments.size())
    return Usage(fmt::format("{} does not take '{}'", command.name, arguments[index]))
        .WithHint(fmt::format("`stateferry {} --help` explains it", command.name));
  return {};
}

bool WantsJson(const std::vector<std::string>& words, bool fallback) {
  bool json = fallback;
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    if (words[i] == "--output" && i + 1 < words.size()) json = words[i + 1] == "json";
    if (words[i].starts_with("--output=")) json = words[i] == "--output=json";
  }
  return json;
}

}  // namespace stateferry::cli
