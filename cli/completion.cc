#include "cli/completion.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "cli/command.h"

namespace stateferry::cli {

namespace {
/// First words with what may follow them: "store" -> {init, info, ...}, "copy" -> {}.
std::vector<std::pair<std::string, std::vector<std::string>>> Words() {
  std::vector<std::pair<std::string, std::vector<std::string>>> words;
  for (const Command& command : Commands()) {
    const std::size_t blank = command.name.find(' ');
    const std::string first = command.name.substr(0, blank);
    auto it = std::find_if(words.begin(), words.end(),
                           [&](const auto& entry) { return entry.first == first; });
    if (it == words.end()) it = words.insert(words.end(), {first, {}});
    if (blank != std::string::npos) it->second.push_back(command.name.substr(blank + 1));
  }
  return words;
}

std::vector<std::string> DashedOptions(const std::vector<OptionSpec>& table) {
  std::vector<std::string> names;
  for (const OptionSpec& spec : table) names.push_back("--" + spec.name);
  return names;
}

std::vector<OptionSpec> EveryOption() {
  std::vector<OptionSpec> all = GlobalOptions();
  for (const Command& command : Commands())
    all.insert(all.end(), command.options.begin(), command.options.end());
  return all;
}

/// Values to offer behind an option; several commands may use one name with other choices.
std::map<std::string, std::set<std::string>> OptionChoices() {
  std::map<std::string, std::set<std::string>> choices;
  for (const OptionSpec& spec : EveryOption()) {
    choices["--" + spec.name].insert(spec.choices.begin(), spec.choices.end());
    if (spec.kind == ValueKind::kCompress)
      choices["--" + spec.name].insert({"auto", "none", "zstd"});
    if (spec.kind == ValueKind::kSizeOrAuto) choices["--" + spec.name].insert("auto");
  }
  return choices;
}

/// Options whose value is a path, and those whose value is something only the user knows.
std::vector<std::string> OptionsOf(bool paths) {
  std::set<std::string> names;
  for (const OptionSpec& spec : EveryOption()) {
    const bool is_path = spec.kind == ValueKind::kPath || spec.kind == ValueKind::kPathMap;
    if (spec.takes_value() && spec.choices.empty() && is_path == paths)
      names.insert("--" + spec.name);
  }
  return {names.begin(), names.end()};
}

std::string ArgumentChoices(const Command& command) {
  std::vector<std::string> choices;
  for (const Argument& argument : command.arguments)
    choices.insert(choices.end(), argument.choices.begin(), argument.choices.end());
  return fmt::format("{}", fmt::join(choices, " "));
}

/// For a shell string in single quotes; help texts hold apostrophes.
std::string SingleQuoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}
}  // namespace

std::string BashCompletion() {
  std::string groups, options, values, arguments;
  std::vector<std::string> first_words;
  for (const auto& [word, following] : Words()) {
    first_words.push_back(word);
    if (!following.empty())
      groups += fmt::format("    {}) echo \"{}\" ;;\n", word, fmt::join(following, " "));
  }
  for (const Command& command : Commands()) {
    if (!command.options.empty())
      options += fmt::format("    \"{}\") echo \"{}\" ;;\n", command.name,
                             fmt::join(DashedOptions(command.options), " "));
    if (const std::string choices = ArgumentChoices(command); !choices.empty())
      arguments += fmt::format("    \"{}\") echo \"{}\" ;;\n", command.name, choices);
  }
  for (const auto& [name, choices] : OptionChoices())
    if (!choices.empty())
      values += fmt::format("    {}) echo \"{}\" ;;\n", name, fmt::join(choices, " "));
  const std::vector<std::string> free_values = OptionsOf(false);
  const std::vector<std::string> path_values = OptionsOf(true);

  return fmt::format(
      R"bash(# bash completion for stateferry; source it, or: stateferry completion bash >
# /etc/bash_completion.d/stateferry
_stateferry_following() {{
  case "$1" in
{groups}    *) ;;
  esac
}}
_stateferry_options() {{
  case "$1" in
{options}    *) ;;
  esac
}}
_stateferry_values() {{
  case "$1" in
{values}    *) ;;
  esac
}}
_stateferry_arguments() {{
  case "$1" in
{arguments}    *) ;;
  esac
}}
_stateferry() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" previous="" first="" second="" word index
  ((COMP_CWORD > 0)) && previous="${{COMP_WORDS[COMP_CWORD - 1]}}"
  local global="{global}"
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="${{COMP_WORDS[index]}}"
    case "$word" in
      {with_value}) ((index++)) ;;
      -*) ;;
      *) if [[ -z $first ]]; then first="$word"; elif [[ -z $second ]]; then second="$word"; fi ;;
    esac
  done
  local command="$first"
  [[ -n $(_stateferry_following "$first") ]] && command="$first $second"

  local values
  values="$(_stateferry_values "$previous")"
  if [[ -n $values ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$values" -- "$current")
    return
  fi
  case "$previous" in
    {path_values}) mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
    {free_values}) return ;;
    *) ;;
  esac
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$global $(_stateferry_options "$command")" -- "$current")
  elif [[ -z $first ]]; then
    mapfile -t COMPREPLY < <(compgen -W "{first_words}" -- "$current")
  elif [[ -z $second && -n $(_stateferry_following "$first") ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_stateferry_following "$first")" -- "$current")
  elif [[ -n $(_stateferry_arguments "$command") ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_stateferry_arguments "$command")" -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}}
complete -o filenames -F _stateferry stateferry
)bash",
      fmt::arg("groups", groups), fmt::arg("options", options), fmt::arg("values", values),
      fmt::arg("arguments", arguments),
      fmt::arg("global", fmt::join(DashedOptions(GlobalOptions()), " ")),
      fmt::arg("with_value",
               [&] {
                 std::set<std::string> names(free_values.begin(), free_values.end());
                 names.insert(path_values.begin(), path_values.end());
                 for (const auto& [name, choices] : OptionChoices())
                   if (!choices.empty()) names.insert(name);
                 return fmt::format("{}", fmt::join(names, "|"));
               }()),
      fmt::arg("path_values", fmt::join(path_values, "|")),
      fmt::arg("free_values", fmt::join(free_values, "|")),
      fmt::arg("first_words", fmt::join(first_words, " ")));
}

std::string ZshCompletion() {
  // zsh runs completions written for bash; one script to keep right instead of two.
  return "#compdef stateferry\n"
         "# zsh completion for stateferry: eval \"$(stateferry completion zsh)\"\n"
         "autoload -U +X bashcompinit && bashcompinit\n"
         "mapfile() { shift; local line; set -A \"$1\"; while IFS= read -r line; do "
         "eval \"$1+=(\\\"\\$line\\\")\"; done; }\n" +
         BashCompletion();
}

std::string FishCompletion() {
  std::string script =
      "# fish completion for stateferry: stateferry completion fish | source\n"
      "complete -c stateferry -f -n __fish_use_subcommand\n";
  const auto option = [](const OptionSpec& spec, const std::string& condition) {
    std::string line = "complete -c stateferry";
    if (!condition.empty()) line += " -n " + SingleQuoted(condition);
    line += " -l " + spec.name;
    if (spec.letter != 0) line += std::string(" -s ") + spec.letter;
    if (spec.takes_value()) line += spec.kind == ValueKind::kPath ? " -r" : " -x";
    if (!spec.choices.empty()) line += fmt::format(" -a '{}'", fmt::join(spec.choices, " "));
    return line + " -d " + SingleQuoted(spec.help) + "\n";
  };
  for (const OptionSpec& spec : GlobalOptions()) script += option(spec, "");
  for (const auto& [word, following] : Words()) {
    const auto command = std::find_if(Commands().begin(), Commands().end(),
                                      [&](const Command& known) { return known.name == word; });
    const std::string summary = command == Commands().end()
                                    ? fmt::format("{}", fmt::join(following, ", "))
                                    : command->summary;
    script += fmt::format("complete -c stateferry -f -n __fish_use_subcommand -a {} -d {}\n", word,
                          SingleQuoted(summary));
    if (!following.empty())
      script += fmt::format(
          "complete -c stateferry -f -n '__fish_seen_subcommand_from {}; and not "
          "__fish_seen_subcommand_from {}' -a '{}'\n",
          word, fmt::join(following, " "), fmt::join(following, " "));
  }
  for (const Command& command : Commands()) {
    const std::size_t blank = command.name.find(' ');
    std::string condition = "__fish_seen_subcommand_from " + command.name.substr(0, blank);
    if (blank != std::string::npos)
      condition += "; and __fish_seen_subcommand_from " + command.name.substr(blank + 1);
    for (const OptionSpec& spec : command.options) script += option(spec, condition);
    if (const std::string choices = ArgumentChoices(command); !choices.empty())
      script += fmt::format("complete -c stateferry -f -n '{}' -a '{}'\n", condition, choices);
  }
  return script;
}

}  // namespace stateferry::cli
