#include "state/clone/name_template.h"

#include <fmt/format.h>

#include <array>
#include <ctime>

namespace stateferry::state::clone {

namespace {

constexpr std::string_view kName = "name", kDate = "date:";

Error Bad(std::string_view name_template, std::string_view why) {
  return Error(ErrorCode::kInvalidArgument,
               fmt::format("the name template '{}' {}; it may hold {{name}} and {{date:%Y%m%d}}",
                           name_template, why))
      .WithRule("C-37", "usage");
}

/// "" when strftime has nothing to say.
std::string DateText(const std::string& format, std::chrono::system_clock::time_point now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 65> text{};
  return {text.data(), std::strftime(text.data(), text.size(), format.c_str(), &utc)};
}

}  // namespace

Result<std::string> ExpandTemplate(std::string_view name_template, std::string_view name,
                                   std::chrono::system_clock::time_point now) {
  if (name_template.empty()) return std::string(name);
  std::string expanded;
  bool has_name = false;
  for (std::size_t at = 0; at < name_template.size();) {
    const std::size_t open = std::min(name_template.find_first_of("{}", at), name_template.size());
    expanded += name_template.substr(at, open - at);
    if (open == name_template.size()) break;
    const std::size_t close = name_template.find('}', open);
    if (name_template[open] == '}' || close == std::string_view::npos)
      return Bad(name_template, "has a brace without its other half");
    const std::string_view field = name_template.substr(open + 1, close - open - 1);
    if (field == kName) {
      expanded += name;
      has_name = true;
    } else if (field.starts_with(kDate)) {
      const std::string date = DateText(std::string(field.substr(kDate.size())), now);
      if (date.empty()) return Bad(name_template, "has an empty or overlong date");
      expanded += date;
    } else {
      return Bad(name_template, fmt::format("has '{{{}}}'", field));
    }
    at = close + 1;
  }
  return has_name ? expanded : fmt::format("{}_{}", expanded, name);
}

}  // namespace stateferry::state::clone
