#include "state/entities/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace stateferry::state::entities {

const NameRule kScopeName{.first = "a-z",
                          .rest = "a-z0-9-",
                          .last = "a-z0-9",
                          .text = "lower-case letters, digits and '-', a letter first, no '-' last",
                          .max_bytes = 63};
const NameRule kProjectName{.first = "a-z",
                            .rest = "a-z0-9-",
                            .last = "a-z0-9",
                            .text =
                                "WORKSPACE/PROJECT, each of lower-case letters, digits and '-', "
                                "a letter first, no '-' last",
                            .max_bytes = 63,
                            .min_components = 2,
                            .max_components = 2};
const NameRule kJobName{.first = "A-Za-z0-9_",
                        .rest = "A-Za-z0-9_.-",
                        .last = "A-Za-z0-9_",
                        .text = "letters, digits, '_', '-' and '.', the last two only inside",
                        .max_bytes = 128,
                        .any_language = true};
const NameRule kPathName{.first = "!-.0-~",
                         .rest = " -.0-~",
                         .last = "!-.0-~",
                         .text = "a path of at most 8 parts, without blanks at their ends",
                         .max_bytes = 128,
                         .max_components = 8,
                         .any_language = true};
const NameRule kFileName{.first = "!-.0-~",
                         .rest = " -.0-~",
                         .last = "!-.0-~",
                         .text = "a path without '.', '..' and blanks at the ends of its parts",
                         .max_bytes = 255,
                         .max_components = 32,
                         .max_total_bytes = 800,
                         .any_language = true,
                         .keeps_extension = true};
const NameRule kIdentifier{.first = "A-Za-z_",
                           .rest = "A-Za-z0-9_-",
                           .last = "A-Za-z0-9_",
                           .text =
                               "letters, digits, '_' and '-', a letter or '_' first, no '-' "
                               "last, and no keyword of SQL",
                           .max_bytes = 64,
                           .no_sql_keyword = true,
                           .joiner = '_'};
const NameRule kConnectorName{.first = "A-Za-z",
                              .rest = "A-Za-z0-9_-",
                              .last = "A-Za-z0-9",
                              .text = "letters, digits, '_' and '-', a letter first",
                              .max_bytes = 64};
const NameRule kArtifactName{.first = "A-Za-z0-9_",
                             .rest = "A-Za-z0-9_.-",
                             .last = "A-Za-z0-9_",
                             .text = "letters, digits, '_', '-' and '.', the last two only inside",
                             .max_bytes = 128};
const NameRule kServerId{.first = "A-Za-z0-9",
                         .rest = "A-Za-z0-9_.-",
                         .last = "A-Za-z0-9",
                         .text = "letters, digits, '_', '-' and '.'",
                         .max_bytes = 128};
const NameRule kAccountName{.first = "A-Za-z0-9",
                            .rest = "A-Za-z0-9_.@:+=,*-",
                            .last = "A-Za-z0-9*",
                            .text = "an account id, e-mail address or ARN without its slashes",
                            .max_bytes = 256};

namespace {

// Words that cannot be a name without quotes in Flink SQL and that people do pick; Flink's own list
// is in its documentation under "Reserved Keywords".
constexpr std::array<std::string_view, 60> kSqlKeywords{
    "all",    "and",      "any",      "array",  "as",        "between", "by",     "case",
    "cast",   "catalog",  "column",   "create", "cross",     "current", "date",   "day",
    "delete", "describe", "distinct", "drop",   "else",      "end",     "exists", "false",
    "from",   "full",     "function", "group",  "having",    "hour",    "in",     "inner",
    "insert", "interval", "into",     "is",     "join",      "left",    "like",   "limit",
    "merge",  "not",      "null",     "on",     "or",        "order",   "outer",  "right",
    "select", "set",      "table",    "then",   "timestamp", "true",    "union",  "update",
    "user",   "values",   "when",     "where"};

bool IsSqlKeyword(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::find(kSqlKeywords.begin(), kSqlKeywords.end(), lower) != kSqlKeywords.end();
}

/// Whether `c` is in ranges such as "a-z0-9_-".
bool InRanges(std::string_view ranges, char c) {
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (i + 2 < ranges.size() && ranges[i + 1] == '-') {
      if (ranges[i] <= c && c <= ranges[i + 2]) return true;
      i += 2;
    } else if (ranges[i] == c) {
      return true;
    }
  }
  return false;
}

/// The length of the UTF-8 character that starts at `text[at]`; 0 when there is none.  Refuses
/// overlong forms, surrogates and C1 controls.
std::size_t CharacterLength(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xc2 ? 0
                             : lead < 0xe0 ? 2
                             : lead < 0xf0 ? 3
                             : lead < 0xf5 ? 4
                                           : 0;
  if (length == 0 || at + length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(at + i) & 0xc0) != 0x80) return 0;
  if (length == 1) return 1;
  const unsigned char second = byte(at + 1);
  const bool bad = (lead == 0xc2 && second < 0xa0) || (lead == 0xe0 && second < 0xa0) ||
                   (lead == 0xed && second >= 0xa0) || (lead == 0xf0 && second < 0x90) ||
                   (lead == 0xf4 && second >= 0x90);
  return bad ? 0 : length;
}

/// What is wrong with one component, "" when nothing is.
std::string ComponentProblem(const NameRule& rule, std::string_view part) {
  if (part.empty()) return "is empty";
  if (part.size() > rule.max_bytes)
    return fmt::format("is {} bytes long, of {} at most", part.size(), rule.max_bytes);
  if (part == "." || part == "..") return "is no name";
  for (std::size_t at = 0; at < part.size();) {
    const std::size_t length = CharacterLength(part, at);
    if (length == 0) return "is not UTF-8 text";
    const bool first = at == 0, last = at + length == part.size();
    if (length > 1) {
      if (!rule.any_language) return "has a character that is not allowed";
    } else if (!InRanges(first ? rule.first : rule.rest, part[at]) ||
               (last && !InRanges(rule.last, part[at]))) {
      const auto code = static_cast<unsigned char>(part[at]);
      return code < 0x20 || code == 0x7f
                 ? std::string("has a control character")
                 : fmt::format("has '{}' where that is not allowed", part[at]);
    }
    at += length;
  }
  if (rule.no_sql_keyword && IsSqlKeyword(part)) return "is a keyword of SQL";
  return "";
}

/// ".jar", ".tar.gz"; "" for what is too long to be one, and where nothing stands before it.
std::string_view Extension(std::string_view name) {
  constexpr std::size_t kMaxBytes = 16;
  constexpr std::string_view kTar = ".tar";
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || name.size() - dot > kMaxBytes) return {};
  const bool tar = dot > kTar.size() && name.substr(0, dot).ends_with(kTar);
  return name.substr(tar ? dot - kTar.size() : dot);
}

}  // namespace

Result<void> CheckName(const NameRule& rule, std::string_view name) {
  std::string problem;
  std::size_t components = 0;
  for (std::size_t at = 0; at <= name.size() && problem.empty(); ++components) {
    const std::size_t end = std::min(name.find('/', at), name.size());
    problem = ComponentProblem(rule, name.substr(at, end - at));
    at = end + 1;
  }
  if (problem.empty() && (components < rule.min_components || components > rule.max_components))
    problem = rule.max_components == 1 ? "has a '/'" : fmt::format("has {} parts", components);
  if (problem.empty() && name.size() > rule.max_total_bytes)
    problem = fmt::format("is {} bytes long, of {} at most", name.size(), rule.max_total_bytes);
  if (problem.empty()) return {};
  const std::string shown =
      name.size() > 80 ? std::string(name.substr(0, 80)) + "..." : std::string(name);
  return Error(ErrorCode::kInvalidArgument,
               fmt::format("the name '{}' {}; a name is {}", shown, problem, rule.text));
}

std::string NumberedName(const NameRule& rule, std::string_view name, std::uint32_t number) {
  const std::size_t slash = name.rfind('/');
  const std::size_t start = slash == std::string_view::npos ? 0 : slash + 1;
  const std::string_view extension =
      rule.keeps_extension ? Extension(name.substr(start)) : std::string_view();
  const std::string suffix = fmt::format("{0}clone{0}{1}{2}", rule.joiner, number, extension);
  const std::size_t room =
      std::min(rule.max_bytes, rule.max_total_bytes - std::min(start, rule.max_total_bytes));
  std::string_view base = name.substr(start);
  base.remove_suffix(extension.size());
  std::size_t length = std::min(base.size(), room - std::min(room, suffix.size()));
  // Never inside a character.
  while (length > 0 && length < base.size() &&
         (static_cast<unsigned char>(base[length]) & 0xc0) == 0x80)
    --length;
  return std::string(name.substr(0, start)) + std::string(base.substr(0, length)) + suffix;
}

}  // namespace stateferry::state::entities
