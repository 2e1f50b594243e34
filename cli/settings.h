#pragma once
// Where the value of an option comes from: command line > environment > ./stateferry.yaml >
// $XDG_CONFIG_HOME/stateferry/config.yaml > default.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/file_io.h"
#include "base/result.h"
#include "cli/config_file.h"
#include "cli/option_spec.h"

namespace stateferry::cli {

/// What the process was started with; a value, so that tests can make one.
struct Environment {
  std::map<std::string, std::string> variables;
  std::string working_directory;  ///< "" when it is gone

  std::string Get(const std::string& name) const;
};

struct ConfigPath {
  std::string path;
  bool exists = false;
};

struct Settings {
  std::vector<ConfigPath> paths;  ///< looked at, strongest first
  std::vector<ConfigFile> files;  ///< the existing ones, strongest first
  std::string profile;            ///< "" when none is chosen
  std::string chosen_config;      ///< absolute; "" unless --config or $STATEFERRY_CONFIG names one
  SettingMap environment;         ///< STATEFERRY_* that are settings
  std::vector<std::string> warnings;

  /// The strongest value below the command line.
  std::optional<Setting> Find(const std::string& name) const;
  /// name -> directory, of all files.
  std::map<std::string, std::string> Stores() const;
  /// What is said of places in buckets, of all files.
  storage::s3::PlaceProfiles Places() const;
};

struct SettingsRequest {
  std::string config_flag;   ///< --config, "" when not given
  std::string profile_flag;  ///< --profile
  bool new_profile = false;  ///< profile_flag may name one that is not there yet
  /// Every option there is: other keys in files are errors, other variables give warnings.
  std::vector<OptionSpec> known;
};

/// Errors: kInvalidArgument "FILE:LINE: ..." for a bad file or an unknown key; kNotFound for a
/// --config file or a profile that is not there.
Result<Settings> LoadSettings(const FileIo& io, const Environment& environment,
                              const SettingsRequest& request);

/// A path that may be relative to the working directory.  Errors: kNotFound when that is gone.
Result<std::string> AbsolutePath(const Environment& environment, const std::string& path);
/// $XDG_CONFIG_HOME/stateferry/config.yaml; "" without a home directory.
std::string UserConfigPath(const Environment& environment);
/// $XDG_STATE_HOME/stateferry or ~/.local/state/stateferry.  Errors: kNotFound without $HOME.
Result<std::string> DefaultHome(const Environment& environment);

}  // namespace stateferry::cli
