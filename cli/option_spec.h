#pragma once
// The table from which parsing, help, configuration, completion and the reference are made.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace stateferry::cli {

enum class ValueKind {
  kFlag,        ///< no value; in files and environment true/false
  kText,        ///< anything
  kPath,        ///< a path or URI: completed with file names
  kChoice,      ///< one of `choices`
  kCount,       ///< a whole number
  kSize,        ///< "64MiB"
  kSizeOrAuto,  ///< "64MiB" or "auto"
  kBandwidth,   ///< "200MiB/s", "off" or "08:00,512K 19:00,10M 23:00,off"
  kDuration,    ///< "24h"
  kAge,         ///< "24h" ago, or a time (RFC 3339)
  kFraction,    ///< "0.7" or "70%"
  kCompress,    ///< auto, none, zstd or zstd:LEVEL
  kPathMap,     ///< OLD=NEW
  kTag,         ///< NAME=VALUE
};

struct OptionSpec {
  std::string name = {};  ///< "part-size"
  char letter = 0;        ///< 'q' for -q, 0 for none
  ValueKind kind = ValueKind::kFlag;
  std::string value_name = {};  ///< "SIZE" in the help
  std::string help = {};        ///< one sentence without its full stop
  std::string default_text = {};
  std::vector<std::string> choices = {};
  bool repeatable = false;
  /// Part of what `transfer resume` repeats.
  bool recorded = false;
  /// Never from the environment or a file: what deletes, replaces, or means another thing to
  /// another command is given each time.
  bool only_on_command_line = false;
  /// The documented rule that a wrong value breaks: "C-37"; "" for none.
  std::string rule = {};

  bool takes_value() const { return kind != ValueKind::kFlag; }
  /// "STATEFERRY_PART_SIZE".
  std::string EnvironmentName() const;
};

/// kInvalidArgument with one sentence, without naming the option, unless `text` fits.
Result<void> CheckValue(const OptionSpec& spec, std::string_view text);

/// Accepted by every command, before and after its name.
const std::vector<OptionSpec>& GlobalOptions();

}  // namespace stateferry::cli
