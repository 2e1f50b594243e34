#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cli/command.h"
#include "cli/settings.h"
#include "cli/values.h"

namespace stateferry::cli {

/// The options of one command with the value that counts for each.  Every value was checked when
/// this was made, so reading one cannot fail; a name that the command does not have is a bug.
class OptionValues {
 public:
  /// `flags`: from the command line.  Errors: kInvalidArgument naming the option and, unless it was
  /// the command line, the place the value comes from.
  static Result<OptionValues> Resolve(const std::vector<OptionSpec>& table,
                                      const std::map<std::string, std::vector<std::string>>& flags,
                                      const Settings& settings);

  /// Given anywhere: on the command line, in the environment or in a file.
  bool IsSet(const std::string& name) const;
  /// Whether the command has this option at all.
  bool Has(const std::string& name) const { return values_.contains(name); }

  bool Flag(const std::string& name) const;
  std::string Text(const std::string& name) const;  ///< "" when not set and without default
  std::vector<std::string> Texts(const std::string& name) const;
  std::uint64_t Number(const std::string& name) const;
  std::uint64_t SizeBytes(const std::string& name) const;  ///< 0 for "auto"
  storage::BandwidthTable Bandwidth(const std::string& name) const;
  std::chrono::milliseconds Duration(const std::string& name) const;
  /// How long before `clock`'s now; an age in the future is 0.
  std::chrono::milliseconds Age(const std::string& name, const Clock& clock) const;
  double Fraction(const std::string& name) const;
  storage::CompressPolicy Compress(const std::string& name) const;
  std::vector<std::pair<storage::Location, storage::Location>> PathMaps(
      const std::string& name) const;
  std::string Origin(const std::string& name) const;  ///< "default" when not set

  /// "--name=value" words that repeat every set option that is to be recorded, in any directory.
  std::vector<std::string> RecordedWords() const;

 private:
  struct Value {
    OptionSpec spec;
    Setting setting;  ///< origin "" when only the default counts
  };
  const Value& At(const std::string& name) const;
  std::map<std::string, Value> values_;
};

/// Global options first, then the command's own.
std::vector<OptionSpec> TableOf(const Command* command);
/// Every option of every command, each name once.
std::vector<OptionSpec> AllKnownOptions();

}  // namespace stateferry::cli
