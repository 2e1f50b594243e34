#pragma once
// One YAML file of settings.  yaml-cpp and its exceptions stay inside config_file.cc.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/s3/place_profile.h"

namespace stateferry::cli {

inline constexpr std::size_t kMaxConfigBytes = 1u << 20;

/// A value and where it stands: "stateferry.yaml:3", "STATEFERRY_HOME", "--home", "default".
struct Setting {
  std::vector<std::string> values;  ///< more than one only for lists
  std::string origin;
};
using SettingMap = std::map<std::string, Setting>;

struct ConfigFile {
  std::string path;
  SettingMap settings;                         ///< top level
  std::map<std::string, SettingMap> profiles;  ///< "profiles:"
  std::map<std::string, std::string> stores;   ///< "stores:": name -> directory, absolute
  storage::s3::PlaceProfiles places;           ///< "places:"
  bool has_secrets = false;                    ///< keys themselves, not where they are
};

/// Relative directories of stores are relative to the file.
/// Errors: kInvalidArgument "FILE:LINE: ..." when it is not YAML of the expected form.
Result<ConfigFile> ParseConfig(const std::string& path, std::string_view text);

/// `text` with `key: value` set at top level, or in a profile when that is not empty; comments and
/// everything else stay as they are.  Errors: kInvalidArgument, kRefused when the file is written
/// in a way that this cannot edit.
Result<std::string> EditConfig(const std::string& path, std::string_view text,
                               const std::string& profile, const std::string& key,
                               const std::string& value);

}  // namespace stateferry::cli
