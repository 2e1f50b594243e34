#include "state/catalog/changes.h"

#include <fmt/format.h>

#include <set>
#include <tuple>
#include <vector>

#include "state/entities/kinds.h"

namespace stateferry::state::catalog {

namespace {

Result<void> CheckKey(const Change& change) {
  const auto& key = change.entity.key;
  if (entities::FindKind(key.kind) == nullptr)
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("there is no kind of entity called '{}'", key.kind));
  // Parts of a key are told apart by NUL.
  if (key.name.empty() || key.name.find('\0') != std::string::npos ||
      change.scope.find('\0') != std::string::npos)
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("a {} must have a name, and no name holds a NUL", key.kind));
  return {};
}

Result<void> CheckVersion(const Change& change, const std::optional<Record>& there) {
  const std::uint64_t version = there ? there->version : 0;
  if (!change.expected_version || *change.expected_version == version) return {};
  const auto& key = change.entity.key;
  if (version == 0)
    return Error(ErrorCode::kConflict,
                 fmt::format("{} '{}' is gone: somebody deleted it meanwhile", key.kind, key.name));
  if (*change.expected_version == 0)
    return Error(ErrorCode::kConflict, fmt::format("{} '{}' exists already", key.kind, key.name));
  return Error(ErrorCode::kConflict,
               fmt::format("{} '{}' has version {}, not {}: somebody changed it meanwhile",
                           key.kind, key.name, version, *change.expected_version));
}

Record Changed(std::optional<Record> there, const Change& change, const std::string& now) {
  Record record;
  if (there)
    record = *std::move(there);
  else
    record.created = now;
  record.entity = change.entity;
  record.phase = change.phase;
  record.updated = now;
  ++record.version;
  if (!change.made_by.empty()) record.made_by = change.made_by;
  return record;
}

}  // namespace

Result<void> ApplyChanges(std::span<const Change> changes, const std::string& now,
                          const FindRecord& find, const PutRecord& put) {
  std::set<std::tuple<std::string_view, std::string_view, std::string_view>> seen;
  for (const Change& change : changes) {
    SF_TRY(CheckKey(change));
    const auto& key = change.entity.key;
    SF_TRY(const auto there, find(change));
    if (!seen.insert({change.scope, key.kind, key.name}).second)
      return Error(ErrorCode::kConflict,
                   fmt::format("{} '{}' is changed twice in one go", key.kind, key.name));
    SF_TRY(CheckVersion(change, there));
  }
  // Found again: the records of a large batch need not fit into memory beside it.
  for (const Change& change : changes) {
    std::optional<Record> record;
    if (change.what == Change::What::kPut) {
      SF_TRY(auto there, find(change));
      record = Changed(std::move(there), change, now);
    }
    SF_TRY(put(change, record));
  }
  return {};
}

}  // namespace stateferry::state::catalog
