#include "cli/config_file.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>

#include "base/file_io.h"

namespace stateferry::cli {

namespace {
constexpr std::size_t kMaxConfigBytes = 1u << 20;

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

Result<ConfigFile> Read(const std::string& path, const YAML::Node& root) {
  ConfigFile config{.path = path, .settings = {}, .profiles = {}, .stores = {}};
  if (root.IsNull()) return config;
  if (!root.IsMap()) return At(path, root.Mark(), "expected KEY: VALUE lines");
  for (const auto& entry : root) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
    if (key.empty()) return At(path, entry.first.Mark(), "a key must be a plain word");
    if (key == "stores") {
      SF_TRY(config.stores, ReadStores(path, entry.second));
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
  bool good = after.has_value() && same(after->settings, wanted.settings) &&
              after->profiles.size() == wanted.profiles.size() && after->stores == wanted.stores;
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
