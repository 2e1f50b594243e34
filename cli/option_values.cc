#include "cli/option_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace stateferry::cli {

namespace {
/// A value that means the same in every working directory.
std::string Absolute(ValueKind kind, const std::string& text) {
  if (kind == ValueKind::kPath) return std::filesystem::absolute(text).lexically_normal().string();
  if (kind != ValueKind::kPathMap) return text;
  const auto [from, to] = *ParsePathMap(text);
  return from.ToUri() + "=" + to.ToUri();
}
}  // namespace

Result<OptionValues> OptionValues::Resolve(
    const std::vector<OptionSpec>& table,
    const std::map<std::string, std::vector<std::string>>& flags, const Settings& settings) {
  OptionValues resolved;
  for (const OptionSpec& spec : table) {
    Setting setting;
    if (const auto given = flags.find(spec.name); given != flags.end())
      setting = {given->second, "--" + spec.name};
    else if (auto found = settings.Find(spec.name))
      setting = std::move(*found);
    // The last one wins, so that a script can add to a line that it was given.
    if (!spec.repeatable && setting.values.size() > 1)
      setting.values.erase(setting.values.begin(), setting.values.end() - 1);
    for (const std::string& value : setting.values) {
      const auto checked = CheckValue(spec, value);
      if (checked) continue;
      const std::string where = setting.origin.starts_with("--")
                                    ? setting.origin
                                    : fmt::format("{}: {}", setting.origin, spec.name);
      auto error = Error(ErrorCode::kInvalidArgument,
                         fmt::format("{}: {}", where, checked.error().message()))
                       .WithHint(checked.error().hint());
      if (spec.rule.empty()) return error;
      return std::move(error).WithRule(spec.rule, "usage");
    }
    resolved.values_[spec.name] = {spec, std::move(setting)};
  }
  return resolved;
}

const OptionValues::Value& OptionValues::At(const std::string& name) const {
  const auto it = values_.find(name);
  if (it == values_.end())
    AssertFailed(__FILE__, __LINE__, ("no option of this name: " + name).c_str());
  return it->second;
}

bool OptionValues::IsSet(const std::string& name) const { return !At(name).setting.origin.empty(); }

bool OptionValues::Flag(const std::string& name) const {
  const Value& value = At(name);
  return !value.setting.values.empty() && *ParseFlag(value.setting.values[0]);
}

std::string OptionValues::Text(const std::string& name) const {
  const Value& value = At(name);
  return value.setting.values.empty() ? value.spec.default_text : value.setting.values[0];
}

std::vector<std::string> OptionValues::Texts(const std::string& name) const {
  return At(name).setting.values;
}

std::uint64_t OptionValues::Number(const std::string& name) const {
  const std::string text = Text(name);
  return text.empty() ? 0 : *ParseCount(text);
}

std::uint64_t OptionValues::SizeBytes(const std::string& name) const {
  const std::string text = Text(name);
  return text.empty() || text == "auto" ? 0 : *ParseSize(text);
}

storage::BandwidthTable OptionValues::Bandwidth(const std::string& name) const {
  const std::string text = Text(name);
  return text.empty() ? storage::BandwidthTable() : *ParseBandwidth(text);
}

std::chrono::milliseconds OptionValues::Duration(const std::string& name) const {
  const std::string text = Text(name);
  return text.empty() ? std::chrono::milliseconds(0) : *ParseDuration(text);
}

std::chrono::milliseconds OptionValues::Age(const std::string& name, const Clock& clock) const {
  const std::string text = Text(name);
  if (text.empty()) return std::chrono::milliseconds(0);
  if (const auto time = ParseTime(text)) {
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(clock.Now() - *time);
    return std::max(age, std::chrono::milliseconds(0));
  }
  return *ParseDuration(text);
}

double OptionValues::Fraction(const std::string& name) const {
  const std::string text = Text(name);
  return text.empty() ? 0 : *ParseFraction(text);
}

storage::CompressPolicy OptionValues::Compress(const std::string& name) const {
  const std::string text = Text(name);
  return text.empty() ? storage::CompressPolicy{} : *ParseCompress(text);
}

std::vector<std::pair<storage::Location, storage::Location>> OptionValues::PathMaps(
    const std::string& name) const {
  std::vector<std::pair<storage::Location, storage::Location>> maps;
  for (const std::string& text : Texts(name)) maps.push_back(*ParsePathMap(text));
  return maps;
}

std::string OptionValues::Origin(const std::string& name) const {
  return IsSet(name) ? At(name).setting.origin : "default";
}

std::vector<std::string> OptionValues::RecordedWords() const {
  std::vector<std::string> words;
  for (const auto& [name, value] : values_) {
    if (!value.spec.recorded) continue;
    for (const std::string& text : value.setting.values) {
      if (value.spec.takes_value())
        words.push_back(fmt::format("--{}={}", name, Absolute(value.spec.kind, text)));
      else if (*ParseFlag(text))
        words.push_back("--" + name);
    }
  }
  return words;
}

std::vector<OptionSpec> TableOf(const Command* command) {
  std::vector<OptionSpec> table = GlobalOptions();
  if (command != nullptr)
    table.insert(table.end(), command->options.begin(), command->options.end());
  return table;
}

std::vector<OptionSpec> AllKnownOptions() {
  std::vector<OptionSpec> all = GlobalOptions();
  for (const Command& command : Commands())
    for (const OptionSpec& spec : command.options)
      if (std::none_of(all.begin(), all.end(),
                       [&](const OptionSpec& known) { return known.name == spec.name; }))
        all.push_back(spec);
  return all;
}

}  // namespace stateferry::cli
