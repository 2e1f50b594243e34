#include "cli/config_file.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>

#include "base/file_io.h"
#include "cli/closest.h"
#include "storage/s3/new_object.h"

namespace stateferry::cli {

namespace {
Error At(const std::string& path, const YAML::Mark& mark, std::string_view what) {
  if (mark.line < 0) return Error(ErrorCode::kInvalidArgument, fmt::format("{}: {}", path, what));
  return Error(ErrorCode::kInvalidArgument, fmt::format("{}:{}: {}", path, mark.line + 1, what));
}

Result<YAML::Node> Load(const std::string& path, std::string_view text) {
  if (text.size() > kMaxConfigBytes)
    return Error(ErrorCode::kRefused, fmt::format("{}: larger than 1 MiB", path));
  // yaml-cpp follows nesting by recursion; a hostile "[[[[..." must not end the process.
  std::size_t depth = 0;
  for (const char c : text) {
    if (c == '[' || c == '{') ++depth;
    if ((c == ']' || c == '}') && depth > 0) --depth;
    if (depth > 64)
      return Error(ErrorCode::kInvalidArgument, fmt::format("{}: nested too deeply", path));
  }
  try {
    return YAML::Load(std::string(text));
  } catch (const YAML::Exception& problem) {
    return At(path, problem.mark, "not valid YAML: " + problem.msg);
  }
}

Result<Setting> ReadSetting(const std::string& path, const YAML::Node& key_node,
                            const YAML::Node& node) {
  const std::string key = key_node.Scalar();
  Setting setting{.values = {}, .origin = fmt::format("{}:{}", path, key_node.Mark().line + 1)};
  if (node.IsScalar()) {
    setting.values.push_back(node.Scalar());
  } else if (node.IsSequence()) {
    for (const YAML::Node& item : node) {
      if (!item.IsScalar())
        return At(path, item.Mark(), fmt::format("{} is a list of single values", key));
      setting.values.push_back(item.Scalar());
    }
  } else {
    return At(path, key_node.Mark(), fmt::format("{} needs a value", key));
  }
  return setting;
}

Result<SettingMap> ReadSettings(const std::string& path, const YAML::Node& map) {
  SettingMap settings;
  for (const auto& entry : map) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
    if (key.empty()) return At(path, entry.first.Mark(), "a key must be a plain word");
    SF_TRY(settings[key], ReadSetting(path, entry.first, entry.second));
  }
  return settings;
}

Result<std::map<std::string, std::string>> ReadStores(const std::string& path,
                                                      const YAML::Node& map) {
  if (!map.IsMap()) return At(path, map.Mark(), "stores needs names with directories below it");
  std::map<std::string, std::string> stores;
  for (const auto& entry : map) {
    if (!entry.first.IsScalar() || !entry.second.IsScalar() || entry.second.Scalar().empty())
      return At(path, entry.first.Mark(), "a store is NAME: DIRECTORY");
    const std::filesystem::path dir(entry.second.Scalar());
    stores[entry.first.Scalar()] =
        dir.is_absolute() ? dir.string() : (std::filesystem::path(ParentDir(path)) / dir).string();
  }
  return stores;
}

namespace s3 = storage::s3;

/// Reads one place of "places:".
class PlaceReader {
 public:
  PlaceReader(const std::string& path, const YAML::Node& name) : path_(path), name_(name) {
    place_.origin = fmt::format("{}:{}", path, name.Mark().line + 1);
  }

  Result<s3::PlaceProfile> Read(const YAML::Node& map) {
    if (!map.IsMap()) return At(path_, name_.Mark(), "a place is NAME: with settings below it");
    for (const auto& entry : map) {
      const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
      if (key.empty()) return At(path_, entry.first.Mark(), "a key must be a plain word");
      SF_TRY(Take(key, entry.first, entry.second));
    }
    SF_TRY(Check());
    return std::move(place_);
  }
  /// Whether a key itself stands there, and not where it is.
  bool has_secrets() const { return !keys_.secret.text.empty() || !keys_.token.text.empty(); }

 private:
  struct Text {
    std::string_view name;
    s3::KeyText s3::PlaceKeys::*key;
  };
  static constexpr Text kTexts[] = {{"access-key-id", &s3::PlaceKeys::id},
                                    {"secret-access-key", &s3::PlaceKeys::secret},
                                    {"session-token", &s3::PlaceKeys::token}};
  static constexpr std::string_view kPrefix = "prefix", kProcess = "credential-process";

  Error Wrong(const std::string& what) const {
    return At(path_, name_.Mark(), fmt::format("place {}: {}", name_.Scalar(), what));
  }

  Result<void> Take(const std::string& key, const YAML::Node& key_node, const YAML::Node& node) {
    if (key == kPrefix) return TakePrefixes(key_node, node);
    // No message shows the value: it may be a secret.
    if (!node.IsScalar() || node.Scalar().empty())
      return At(path_, key_node.Mark(), fmt::format("{} needs a value", key));
    const std::string& value = node.Scalar();
    for (const auto& [name, text] : kTexts) {
      s3::KeyText& into = keys_.*text;
      const bool here = key == name, file = key == fmt::format("{}-file", name),
                 variable = key == fmt::format("{}-variable", name);
      if (!here && !file && !variable) continue;
      if (into.IsSet())
        return At(path_, key_node.Mark(), fmt::format("{} is said in two ways", name));
      if (here) into.text = s3::Secret(value);
      if (variable) into.variable = value;
      if (file) into.file = Absolute(value);
      return {};
    }
    if (key == kProcess) {
      place_.credential_process = value;
      return {};
    }
    const auto options = s3::PlaceOptionNames();
    if (std::find(options.begin(), options.end(), key) == options.end() &&
        !s3::IsNewObjectOption(key))
      return Unknown(key, key_node);
    if (key == "endpoint" && value.find('@') != std::string::npos)
      return At(path_, key_node.Mark(), "the endpoint of a place holds credentials");
    place_.options[key] = value;
    return {};
  }

  std::string Absolute(const std::string& file) const {
    const std::filesystem::path given(file);
    return given.is_absolute() ? file : (std::filesystem::path(ParentDir(path_)) / given).string();
  }

  Error Unknown(const std::string& key, const YAML::Node& key_node) const {
    std::vector<std::string> known = s3::PlaceOptionNames();
    for (const std::string_view name : {kPrefix, kProcess}) known.emplace_back(name);
    for (const char* name : {"storage-class", "sse", "sse-kms-key-id", "acl", "tag.NAME"})
      known.emplace_back(name);
    for (const Text& text : kTexts)
      for (const char* ending : {"", "-file", "-variable"})
        known.push_back(std::string(text.name) + ending);
    const auto closest = ClosestWord(key, known);
    return At(path_, key_node.Mark(), fmt::format("'{}' is not a setting of a place", key))
        .WithHint(closest ? fmt::format("did you mean {}?", *closest)
                          : fmt::format("known are {}", fmt::join(known, ", ")));
  }

  Result<void> TakePrefixes(const YAML::Node& key_node, const YAML::Node& node) {
    SF_TRY(const Setting setting, ReadSetting(path_, key_node, node));
    for (const std::string& text : setting.values) {
      auto prefix = storage::ParseLocation(text);
      if (!prefix) return At(path_, key_node.Mark(), "prefix: " + prefix.error().message());
      // As foreign metadata has them; not shown.
      if (prefix->authority.find_first_of("@:") != std::string::npos)
        return At(path_, key_node.Mark(), "prefix: what stands for the bucket holds credentials");
      if ((prefix->scheme != "s3" && prefix->scheme != "oss") || !prefix->options.empty())
        return At(path_, key_node.Mark(),
                  fmt::format("prefix: {} is not s3://BUCKET/KEY or oss://BUCKET/KEY, without "
                              "options",
                              prefix->ToString()));
      place_.prefixes.push_back(std::move(*prefix));
    }
    return {};
  }

  Result<void> Check() {
    const bool keys = keys_.id.IsSet() || keys_.secret.IsSet() || keys_.token.IsSet();
    if (keys && !(keys_.id.IsSet() && keys_.secret.IsSet()))
      return Wrong("access-key-id and secret-access-key belong together");
    if (keys + !place_.credential_process.empty() + place_.options.contains("profile") > 1)
      return Wrong("keys, credential-process and profile are three ways to say one thing");
    if (keys) place_.keys = keys_;
    return {};
  }

  const std::string& path_;
  const YAML::Node name_;
  s3::PlaceProfile place_;
  s3::PlaceKeys keys_;
};

Result<void> ReadPlaces(const std::string& path, const YAML::Node& map, ConfigFile& config) {
  if (!map.IsMap()) return At(path, map.Mark(), "places needs names with settings below it");
  for (const auto& entry : map) {
    if (!entry.first.IsScalar() || entry.first.Scalar().empty())
      return At(path, entry.first.Mark(), "a place is NAME: with settings below it");
    if (config.places.contains(entry.first.Scalar()))
      return At(path, entry.first.Mark(),
                fmt::format("the place {} is there twice", entry.first.Scalar()));
    PlaceReader reader(path, entry.first);
    SF_TRY(s3::PlaceProfile place, reader.Read(entry.second));
    for (const auto& [name, other] : config.places)
      for (const storage::Location& prefix : place.prefixes)
        if (std::find(other.prefixes.begin(), other.prefixes.end(), prefix) != other.prefixes.end())
          return At(path, entry.first.Mark(),
                    fmt::format("{} is a prefix of the place {}, too", prefix.ToString(), name));
    config.has_secrets = config.has_secrets || reader.has_secrets();
    config.places[entry.first.Scalar()] = std::move(place);
  }
  return {};
}

Result<ConfigFile> Read(const std::string& path, const YAML::Node& root) {
  ConfigFile config;
  config.path = path;
  if (root.IsNull()) return config;
  if (!root.IsMap()) return At(path, root.Mark(), "expected KEY: VALUE lines");
  for (const auto& entry : root) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
    if (key.empty()) return At(path, entry.first.Mark(), "a key must be a plain word");
    if (key == "stores") {
      SF_TRY(config.stores, ReadStores(path, entry.second));
    } else if (key == "places") {
      SF_TRY(ReadPlaces(path, entry.second, config));
    } else if (key == "profiles") {
      if (!entry.second.IsMap())
        return At(path, entry.second.Mark(), "profiles needs names with settings below it");
      for (const auto& profile : entry.second) {
        if (!profile.first.IsScalar() || !profile.second.IsMap())
          return At(path, profile.first.Mark(), "a profile is NAME: with settings below it");
        SF_TRY(config.profiles[profile.first.Scalar()], ReadSettings(path, profile.second));
      }
    } else {
      SF_TRY(config.settings[key], ReadSetting(path, entry.first, entry.second));
    }
  }
  return config;
}

/// The value as a YAML scalar on one line, quoted when it would otherwise read as something else.
std::string Quoted(const std::string& value) {
  const bool plain = !value.empty() &&
                     value.find_first_of(":#{}[]&*!|>'\"%@`, \t\n") == std::string::npos &&
                     value[0] != '-' && value[0] != '?';
  if (plain) return value;
  std::string quoted = "'";
  for (const char c : value) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + "'";
}

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

/// The comment behind the value that starts at `at`, with the blanks before it; "" when none.
std::string CommentBehind(const std::string& line, std::size_t at) {
  if (at < line.size() && (line[at] == '\'' || line[at] == '"')) at = line.find(line[at], at + 1);
  at = std::min(line.find(" #", at), line.find("\t#", at));
  if (at == std::string::npos) return "";
  return line.substr(line.find_last_not_of(" \t", at) + 1);
}

/// Sets the key in one block of a block-style map: replaces its line, or adds one in front of the
/// first entry.
void SetInMap(std::vector<std::string>& lines, const YAML::Node& map, const std::string& key,
              const std::string& value) {
  int first_line = -1;
  int indent = 0;
  for (const auto& entry : map) {
    const YAML::Mark mark = entry.first.Mark();
    if (first_line < 0 || mark.line < first_line) {
      first_line = mark.line;
      indent = mark.column;
    }
    if (entry.first.Scalar() != key) continue;
    std::string& line = lines[static_cast<std::size_t>(mark.line)];
    const YAML::Mark old = entry.second.Mark();
    const std::string comment =
        CommentBehind(line, static_cast<std::size_t>(old.line == mark.line ? old.column : 0));
    line = fmt::format("{}{}: {}{}", std::string(static_cast<std::size_t>(mark.column), ' '), key,
                       value, comment);
    return;
  }
  const std::string line =
      fmt::format("{}{}: {}", std::string(static_cast<std::size_t>(indent), ' '), key, value);
  lines.insert(lines.begin() + std::max(first_line, 0), line);
}
}  // namespace

Result<ConfigFile> ParseConfig(const std::string& path, std::string_view text) {
  SF_TRY(const YAML::Node root, Load(path, text));
  try {
    return Read(path, root);
  } catch (const YAML::Exception& problem) {
    return At(path, problem.mark, problem.msg);
  }
}

Result<std::string> EditConfig(const std::string& path, std::string_view text,
                               const std::string& profile, const std::string& key,
                               const std::string& value) {
  SF_TRY(ConfigFile before, ParseConfig(path, text));
  std::vector<std::string> lines = Lines(text);
  try {
    const YAML::Node root = YAML::Load(std::string(text));
    if (profile.empty()) {
      if (root.IsNull())
        lines.push_back(fmt::format("{}: {}", key, Quoted(value)));
      else
        SetInMap(lines, root, key, Quoted(value));
    } else if (before.profiles.contains(profile) && !before.profiles[profile].empty()) {
      SetInMap(lines, root["profiles"][profile], key, Quoted(value));
    } else if (!before.profiles.empty()) {
      const YAML::Mark first = root["profiles"].begin()->first.Mark();
      const std::string indent(static_cast<std::size_t>(first.column), ' ');
      lines.insert(lines.begin() + first.line,
                   {fmt::format("{}{}:", indent, profile),
                    fmt::format("{}  {}: {}", indent, key, Quoted(value))});
    } else {
      lines.insert(lines.end(), {"profiles:", fmt::format("  {}:", profile),
                                 fmt::format("    {}: {}", key, Quoted(value))});
    }
  } catch (const YAML::Exception& problem) {
    return At(path, problem.mark, problem.msg);
  }
  const std::string edited = fmt::format("{}\n", fmt::join(lines, "\n"));

  // Flow style ("{a: 1}"), anchors or values over several lines can defeat an edit by line: the
  // result counts only when it reads back as the old settings with this one changed.
  auto wanted = before;
  (profile.empty() ? wanted.settings : wanted.profiles[profile])[key].values = {value};
  auto after = ParseConfig(path, edited);
  const auto same = [](const SettingMap& a, const SettingMap& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
      return x.first == y.first && x.second.values == y.second.values;
    });
  };
  // Lines have moved.
  const auto without_lines = [](s3::PlaceProfiles places) {
    for (auto& [name, place] : places) place.origin.clear();
    return places;
  };
  bool good = after.has_value() && same(after->settings, wanted.settings) &&
              after->profiles.size() == wanted.profiles.size() && after->stores == wanted.stores &&
              without_lines(after->places) == without_lines(wanted.places);
  if (good)
    for (const auto& [name, settings] : wanted.profiles)
      good = good && after->profiles.contains(name) && same(after->profiles[name], settings);
  if (!good)
    return Error(ErrorCode::kRefused,
                 fmt::format("{} is written in a way that `config set` cannot edit", path))
        .WithHint(fmt::format("edit it by hand: {}: {}", key, Quoted(value)));
  return edited;
}

}  // namespace stateferry::cli
