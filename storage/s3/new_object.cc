#include "storage/s3/new_object.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <optional>

#include "storage/s3/time_text.h"
#include "storage/s3/uri_encode.h"

namespace stateferry::storage::s3 {

namespace {

/// "tag.NAME=VALUE": one option for each tag, one header for all.
constexpr std::string_view kTag = "tag", kTagPrefix = "tag.";
constexpr std::size_t kMaxTags = 10;
constexpr std::string_view kUntil = "lock-until";

Error WrongOption(std::string why) { return {ErrorCode::kInvalidArgument, std::move(why)}; }

const ObjectOption* Find(std::span<const ObjectOption> rows, std::string_view name) {
  if (name.starts_with(kTagPrefix)) name = kTag;
  const auto row = std::find_if(rows.begin(), rows.end(),
                                [&](const ObjectOption& option) { return option.name == name; });
  return row == rows.end() ? nullptr : &*row;
}

/// The known value that `text` is, whatever its case.
Result<std::string> KnownValue(const ObjectOption& row, const std::string& text) {
  std::string_view rest = row.values;
  while (!rest.empty()) {
    const auto known = rest.substr(0, rest.find(' '));
    if (LowerCase(known) == LowerCase(text)) return std::string(known);
    rest.remove_prefix(std::min(known.size() + 1, rest.size()));
  }
  return WrongOption(fmt::format("{} is \"{}\", not one of {}", row.name, text, row.values));
}

Result<std::string> TimeValue(const ObjectOption& row, const std::string& text) {
  const auto time = ParseIso8601(text);
  if (!time)
    return WrongOption(
        fmt::format("{} is \"{}\" and not a time such as 2027-01-31T00:00:00Z", row.name, text));
  const std::time_t seconds = std::chrono::system_clock::to_time_t(*time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

Result<std::string> ValueOf(const ObjectOption& row, const std::string& text) {
  if (text.empty()) return WrongOption(fmt::format("{} has no value", row.name));
  if (!row.values.empty()) return KnownValue(row, text);
  if (row.name == kUntil) return TimeValue(row, text);
  return text;
}

Result<void> CheckNeeds(const ObjectOption& row, const LocationOptions& options) {
  if (row.needs.empty()) return {};
  const auto needed = options.find(std::string(row.needs));
  const std::string_view value =
      needed == options.end() ? std::string_view() : std::string_view(needed->second);
  if (!value.empty() && LowerCase(value).starts_with(LowerCase(row.needs_value))) return {};
  return WrongOption(fmt::format("{} needs {}{}{}", row.name, row.needs,
                                 row.needs_value.empty() ? "" : "=", row.needs_value));
}

/// "team=state&env=prod", encoded as a query is.
Result<std::string> Tagging(const LocationOptions& options) {
  std::string tagging;
  std::size_t count = 0;
  for (auto it = options.lower_bound(std::string(kTagPrefix));
       it != options.end() && it->first.starts_with(kTagPrefix); ++it) {
    const auto name = std::string_view(it->first).substr(kTagPrefix.size());
    if (name.empty()) return WrongOption("tag. has no name behind it");
    if (++count > kMaxTags) return WrongOption("an object has at most 10 tags");
    tagging +=
        (tagging.empty() ? "" : "&") + EncodeQueryPart(name) + "=" + EncodeQueryPart(it->second);
  }
  return tagging;
}

void Add(const ObjectOption& row, const std::string& value, NewObjectHeaders& headers) {
  const std::string name(row.header);
  headers.put.emplace_back(name, value);
  headers.copy.emplace_back(name, value);
  (row.at_complete ? headers.complete : headers.create).emplace_back(name, value);
}

}  // namespace

bool IsNewObjectOption(std::string_view name) {
  return Find(kS3ObjectOptions, name) != nullptr && name != kTag;
}

std::string NewObjectOptionNames() {
  std::string names;
  for (const ObjectOption& row : kS3ObjectOptions)
    names +=
        (names.empty() ? "" : ", ") + std::string(row.name) + (row.name == kTag ? ".NAME" : "");
  return names;
}

LocationOptions WithUsual(LocationOptions options, const LocationOptions& usual) {
  const bool encrypted = options.contains("sse");
  for (const auto& [name, value] : usual)
    if (!encrypted || !name.starts_with("sse-")) options.emplace(name, value);
  return options;
}

Result<NewObjectHeaders> ReadNewObjectOptions(const LocationOptions& options,
                                              const Dialect& dialect) {
  NewObjectHeaders headers;
  for (const auto& [name, text] : options) {
    if (!IsNewObjectOption(name) || name.starts_with(kTagPrefix)) continue;
    const ObjectOption* row = Find(dialect.object_options, name);
    if (!row)
      return WrongOption(
          fmt::format("the option \"{}\" does not exist in the dialect {}", name, dialect.name));
    SF_TRY(CheckNeeds(*row, options));
    SF_TRY(const std::string value, ValueOf(*row, text));
    Add(*row, value, headers);
  }
  // Without these a copy keeps what is said of its source, unlike one whose bytes are moved, and
  // needs the right to read and write tags.
  const bool oss = dialect.signing == Signing::kOssV4;
  headers.copy.emplace_back(std::string(dialect.header_prefix) + "metadata-directive", "REPLACE");
  const ObjectOption* row = Find(dialect.object_options, kTag);
  if (row)
    headers.copy.emplace_back(std::string(row->header) + "-directive", oss ? "Replace" : "REPLACE");
  SF_TRY(const std::string tagging, Tagging(options));
  if (tagging.empty()) return headers;
  if (!row) return WrongOption(fmt::format("the dialect {} has no tags", dialect.name));
  Add(*row, tagging, headers);
  return headers;
}

}  // namespace stateferry::storage::s3
