#include "cli/option_spec.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/values.h"

namespace stateferry::cli {

std::string OptionSpec::EnvironmentName() const {
  std::string result = "STATEFERRY_";
  for (const char c : name)
    result += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return result;
}

Result<void> CheckValue(const OptionSpec& spec, std::string_view text) {
  switch (spec.kind) {
    case ValueKind::kFlag: SF_TRY(ParseFlag(text)); break;
    case ValueKind::kText:
    case ValueKind::kPath:
      if (text.empty()) return Error(ErrorCode::kInvalidArgument, "the value is empty");
      break;
    case ValueKind::kChoice:
      if (std::find(spec.choices.begin(), spec.choices.end(), text) == spec.choices.end())
        return Error(ErrorCode::kInvalidArgument,
                     fmt::format("'{}' is not one of {}", text, fmt::join(spec.choices, ", ")));
      break;
    case ValueKind::kCount: SF_TRY(ParseCount(text)); break;
    case ValueKind::kSize: SF_TRY(ParseSize(text)); break;
    case ValueKind::kSizeOrAuto:
      if (text != "auto") SF_TRY(ParseSize(text));
      break;
    case ValueKind::kBandwidth: SF_TRY(ParseBandwidth(text)); break;
    case ValueKind::kDuration: SF_TRY(ParseDuration(text)); break;
    case ValueKind::kAge:
      if (!ParseTime(text)) SF_TRY(ParseDuration(text));
      break;
    case ValueKind::kFraction: SF_TRY(ParseFraction(text)); break;
    case ValueKind::kCompress: SF_TRY(ParseCompress(text)); break;
    case ValueKind::kPathMap: SF_TRY(ParsePathMap(text)); break;
    case ValueKind::kTag:
      if (const auto equals = text.find('='); equals == 0 || equals == std::string_view::npos)
        return Error(ErrorCode::kInvalidArgument, fmt::format("'{}' is not NAME=VALUE", text));
      break;
  }
  return {};
}

const std::vector<OptionSpec>& GlobalOptions() {
  static const std::vector<OptionSpec> options = {
      {.name = "config",
       .kind = ValueKind::kPath,
       .value_name = "FILE",
       .help = "Read this configuration file instead of ./stateferry.yaml and the user's",
       .only_on_command_line = true},
      {.name = "profile",
       .kind = ValueKind::kText,
       .value_name = "NAME",
       .help = "Use this named section of the configuration"},
      {.name = "home",
       .kind = ValueKind::kPath,
       .value_name = "DIR",
       .help = "Where the journal of transfers lives; default $XDG_STATE_HOME/stateferry or "
               "~/.local/state/stateferry"},
      {.name = "output",
       .kind = ValueKind::kChoice,
       .value_name = "FORMAT",
       .help = "Write text for people, or one JSON object a line",
       .default_text = "text",
       .choices = {"text", "json"}},
      {.name = "log-level",
       .kind = ValueKind::kChoice,
       .value_name = "LEVEL",
       .help = "Log messages of this level and above to standard error",
       .default_text = "warning",
       .choices = {"debug", "info", "warning", "error", "off"}},
      {.name = "log-format",
       .kind = ValueKind::kChoice,
       .value_name = "FORMAT",
       .help = "Form of log messages",
       .default_text = "text",
       .choices = {"text", "json"}},
      {.name = "verbose", .letter = 'v', .help = "Same as --log-level info"},
      {.name = "quiet", .letter = 'q', .help = "Print ids alone, and no progress"},
      {.name = "no-progress", .help = "Show no progress"},
      {.name = "dry-run", .help = "Say what would be done and change nothing"},
      {.name = "yes",
       .letter = 'y',
       .help = "Do not ask before something is deleted",
       .only_on_command_line = true},
      {.name = "help", .letter = 'h', .help = "Explain the command", .only_on_command_line = true},
  };
  return options;
}

}  // namespace stateferry::cli
