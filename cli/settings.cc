#include "cli/settings.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <sstream>

#include "cli/closest.h"

namespace stateferry::cli {

namespace {
const OptionSpec* FindSpec(const std::vector<OptionSpec>& known, const std::string& name) {
  const auto it = std::find_if(known.begin(), known.end(),
                               [&](const OptionSpec& spec) { return spec.name == name; });
  return it == known.end() ? nullptr : &*it;
}

Result<void> CheckKeys(const SettingMap& settings, const std::vector<OptionSpec>& known) {
  for (const auto& [name, setting] : settings) {
    const OptionSpec* spec = FindSpec(known, name);
    if (spec != nullptr && spec->only_on_command_line)
      return Error(ErrorCode::kInvalidArgument,
                   fmt::format("{}: '{}' is not a setting", setting.origin, name))
          .WithHint(fmt::format("give --{} on the command line, each time", name));
    if (spec == nullptr) {
      std::vector<std::string> names = {"stores", "profiles", "places"};
      for (const OptionSpec& option : known) names.push_back(option.name);
      const auto closest = ClosestWord(name, names);
      return Error(ErrorCode::kInvalidArgument,
                   fmt::format("{}: '{}' is not a setting", setting.origin, name))
          .WithHint(closest ? fmt::format("did you mean {}?", *closest)
                            : "settings have the names of the long options, without dashes");
    }
    if (!spec->repeatable && setting.values.size() != 1)
      return Error(ErrorCode::kInvalidArgument,
                   fmt::format("{}: {} is not a list", setting.origin, name));
  }
  return {};
}

/// One value a line for repeatable options: paths hold ':', ',' and ';', but hardly newlines.
std::vector<std::string> SplitLines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    if (!line.empty()) lines.push_back(line);
  return lines;
}

void ReadEnvironment(const Environment& environment, const std::vector<OptionSpec>& known,
                     Settings& settings) {
  std::vector<std::string> names = {"STATEFERRY_CONFIG"};
  for (const OptionSpec& spec : known) {
    const std::string name = spec.EnvironmentName();
    names.push_back(name);
    const auto it = environment.variables.find(name);
    // An empty variable counts as not set, as for $HOME and $XDG_*.
    if (it == environment.variables.end() || it->second.empty()) continue;
    if (spec.only_on_command_line) {
      if (spec.name != "config")  // which LoadSettings reads
        settings.warnings.push_back(fmt::format(
            "the variable {} is ignored: give --{} on the command line", name, spec.name));
      continue;
    }
    settings.environment[spec.name] = {
        spec.repeatable ? SplitLines(it->second) : std::vector<std::string>{it->second}, name};
  }
  // Other programs may have variables with this prefix; only what is nearly one of ours is taken
  // for a mistake.
  constexpr std::string_view kPrefix = "STATEFERRY_";
  std::vector<std::string> bare_names;
  for (const std::string& name : names) bare_names.push_back(name.substr(kPrefix.size()));
  for (const auto& [name, value] : environment.variables) {
    if (!name.starts_with(kPrefix) || std::find(names.begin(), names.end(), name) != names.end())
      continue;
    if (const auto closest = ClosestWord(name.substr(kPrefix.size()), bare_names))
      settings.warnings.push_back(
          fmt::format("the variable {} is not a setting and is ignored; did you mean {}{}?", name,
                      kPrefix, *closest));
  }
}

Error Unreadable(Error error) {
  error = std::move(error).WithContext("reading the configuration");
  if (error.code() != ErrorCode::kPermission) return error;
  return std::move(error).WithHint("set $HOME to a directory of yours, or give --config FILE");
}

/// As ssh and the tools of the vendors have it: keys are nobody else's business.
void WarnOfSecrets(const ConfigFile& file, Settings& settings) {
  struct stat found {};
  if (!file.has_secrets || stat(file.path.c_str(), &found) != 0 || (found.st_mode & 077) == 0)
    return;
  settings.warnings.push_back(fmt::format(
      "{} holds secret keys and is not for its owner alone: chmod 600 {}", file.path, file.path));
}

/// Why a place is not taken from a file that nobody has named, for the working directory may be one
/// that was unpacked from somewhere: what the user has (programs, variables, files, keys) is not
/// lent to whoever wrote it.  "" when it is taken.
std::string_view Distrust(const storage::s3::PlaceProfile& place) {
  using storage::s3::KeyText;
  if (!place.credential_process.empty()) return "runs no program";
  auto lies_elsewhere = [](const KeyText& key) { return key.IsSet() && key.text.empty(); };
  if (place.keys && (lies_elsewhere(place.keys->id) || lies_elsewhere(place.keys->secret) ||
                     lies_elsewhere(place.keys->token)))
    return "reads no variable or file for keys";
  if (place.options.contains("profile")) return "chooses no profile of the vendor's tools";
  // Another dialect may mean another vendor's service.
  if (!place.keys && (place.options.contains("endpoint") || place.options.contains("dialect")))
    return "leads the user's own keys to no endpoint or dialect";
  return "";
}

Result<void> LendsNothing(const ConfigFile& file) {
  for (const auto& [name, place] : file.places)
    if (const std::string_view why = Distrust(place); !why.empty())
      return Error(ErrorCode::kRefused,
                   fmt::format("{}: place {}: a configuration that is read because it is in the "
                               "working directory {}",
                               place.origin, name, why))
          .WithHint("if you trust it, give --config " + file.path +
                    ", or move the place into the user's configuration");
  return {};
}

Result<void> ReadFile(const FileIo& io, const std::string& path, bool must_exist,
                      const std::vector<OptionSpec>& known, Settings& settings) {
  const auto looked = io.Exists(path);
  if (!looked) return Unreadable(looked.error());
  const bool exists = *looked;
  settings.paths.push_back({path, exists});
  if (!exists) {
    if (must_exist)
      return Error(ErrorCode::kNotFound, fmt::format("the configuration {} is not there", path));
    return {};
  }
  auto text = io.ReadSmall(path, kMaxConfigBytes);
  if (!text) return Unreadable(text.error());
  SF_TRY(ConfigFile file, ParseConfig(path, *text));
  WarnOfSecrets(file, settings);
  SF_TRY(CheckKeys(file.settings, known));
  for (const auto& [name, profile] : file.profiles) SF_TRY(CheckKeys(profile, known));
  settings.files.push_back(std::move(file));
  return {};
}

Result<std::string> ChooseProfile(const SettingsRequest& request, const Settings& settings) {
  std::string profile = request.profile_flag;
  if (profile.empty())
    if (const auto setting = settings.Find("profile")) profile = setting->values[0];
  if (profile.empty()) return profile;
  std::vector<std::string> names;
  for (const ConfigFile& file : settings.files)
    for (const auto& [name, unused] : file.profiles) names.push_back(name);
  if (std::find(names.begin(), names.end(), profile) != names.end()) return profile;
  if (request.new_profile && !request.profile_flag.empty()) return profile;
  const auto closest = ClosestWord(profile, names);
  return Error(ErrorCode::kNotFound, fmt::format("no configuration has a profile '{}'", profile))
      .WithHint(closest ? fmt::format("did you mean {}?", *closest)
                        : "`stateferry config list-profiles` shows them");
}
}  // namespace

std::string Environment::Get(const std::string& name) const {
  const auto it = variables.find(name);
  return it == variables.end() ? "" : it->second;
}

std::optional<Setting> Settings::Find(const std::string& name) const {
  if (const auto it = environment.find(name); it != environment.end()) return it->second;
  for (const ConfigFile& file : files) {
    if (const auto section = file.profiles.find(profile); section != file.profiles.end())
      if (const auto it = section->second.find(name); it != section->second.end())
        return it->second;
    if (const auto it = file.settings.find(name); it != file.settings.end()) return it->second;
  }
  return std::nullopt;
}

storage::s3::PlaceProfiles Settings::Places() const {
  storage::s3::PlaceProfiles places;
  for (const ConfigFile& file : files) {
    // A prefix belongs to the strongest file that has it.
    storage::s3::PlaceProfiles weaker = file.places;
    for (const auto& [unused, stronger] : places)
      for (const storage::Location& prefix : stronger.prefixes)
        for (auto& [name, place] : weaker) std::erase(place.prefixes, prefix);
    places.insert(weaker.begin(), weaker.end());
  }
  return places;
}

std::map<std::string, std::string> Settings::Stores() const {
  std::map<std::string, std::string> stores;
  for (const ConfigFile& file : files) stores.insert(file.stores.begin(), file.stores.end());
  return stores;
}

Result<Settings> LoadSettings(const FileIo& io, const Environment& environment,
                              const SettingsRequest& request) {
  Settings settings;
  ReadEnvironment(environment, request.known, settings);
  std::string chosen = request.config_flag;
  if (chosen.empty()) chosen = environment.Get("STATEFERRY_CONFIG");
  if (!chosen.empty()) {
    SF_TRY(chosen, AbsolutePath(environment, chosen));
    settings.chosen_config = chosen;
    SF_TRY(ReadFile(io, chosen, true, request.known, settings));
  } else {
    if (const std::string& here = environment.working_directory; !here.empty())
      SF_TRY(ReadFile(io, here + "/stateferry.yaml", false, request.known, settings));
    for (const ConfigFile& file : settings.files) SF_TRY(LendsNothing(file));
    if (const std::string user = UserConfigPath(environment); !user.empty())
      SF_TRY(ReadFile(io, user, false, request.known, settings));
  }
  SF_TRY(settings.profile, ChooseProfile(request, settings));
  return settings;
}

Result<std::string> AbsolutePath(const Environment& environment, const std::string& path) {
  if (path.starts_with('/')) return path;
  if (!environment.working_directory.empty()) return environment.working_directory + "/" + path;
  return Error(ErrorCode::kNotFound,
               fmt::format("the working directory is gone, so {} leads nowhere", path))
      .WithHint("change into a directory that exists, or give the whole path");
}

std::string UserConfigPath(const Environment& environment) {
  const std::string base = environment.Get("XDG_CONFIG_HOME");
  // The specification says that relative paths in these variables are to be ignored.
  if (base.starts_with('/')) return base + "/stateferry/config.yaml";
  const std::string home = environment.Get("HOME");
  return home.starts_with('/') ? home + "/.config/stateferry/config.yaml" : "";
}

Result<std::string> DefaultHome(const Environment& environment) {
  const std::string base = environment.Get("XDG_STATE_HOME");
  if (base.starts_with('/')) return base + "/stateferry";
  const std::string home = environment.Get("HOME");
  if (home.starts_with('/')) return home + "/.local/state/stateferry";
  return Error(ErrorCode::kNotFound, "there is no home directory for the journal of transfers")
      .WithHint("set $HOME or $STATEFERRY_HOME, or give --home DIR");
}

}  // namespace stateferry::cli
