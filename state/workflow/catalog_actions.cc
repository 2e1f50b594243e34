#include "state/workflow/catalog_actions.h"

#include <fmt/format.h>

#include <map>

#include "state/snapshot/flink_format.h"
#include "state/snapshot/relocate.h"
#include "state/workflow/findings.h"
#include "transfer/manage.h"

namespace stateferry::state::workflow {

namespace {

/// The entity of an item stands in the way, not the disk.
bool IsAboutAnItem(const Error& error) {
  return error.code() == ErrorCode::kConflict || error.code() == ErrorCode::kInvalidArgument ||
         error.code() == ErrorCode::kRefused || error.code() == ErrorCode::kLocked;
}

bool HasSnapshotRecord(const Item& item) { return !item.snapshot_record.key.kind.empty(); }

Error Taken(const entities::EntityKey& key) {
  return Error(ErrorCode::kConflict,
               fmt::format("{} '{}' is at the target already, made by somebody else since this was "
                           "planned",
                           key.kind, key.name));
}

/// How the state of an item is moved; the command is no part of what it is known by.
Result<snapshot::RelocateRequest> RelocationOf(const Item& item, const std::string& run_id) {
  snapshot::RelocateRequest request;
  request.owner = run_id;
  SF_TRY(request.from, storage::ParseLocation(item.snapshot_from));
  SF_TRY(request.to, storage::ParseLocation(item.snapshot_to));
  request.layout = snapshot::Layout::kPortable;
  return request;
}

Result<void> WithRule(Result<void> moved, const std::string& rule) {
  // Storage that does not answer breaks no rule.
  if (moved || rule.empty() || !moved.error().rule().empty() ||
      moved.error().code() == ErrorCode::kCancelled || InterruptsRun(moved.error()))
    return moved;
  std::string category = CategoryOf(moved.error());
  return std::move(moved).error().WithRule(rule, std::move(category));
}

/// A transfer in which files failed has not failed as a whole.
Result<void> Whole(const transfer::TransferReport& report) {
  if (report.failures_total == 0) return {};
  const auto error_of = [](const transfer::FileFailure& failure) {
    return Error(failure.code, fmt::format("{}: {}", failure.name, failure.message));
  };
  // What no repetition mends comes first.
  for (const transfer::FileFailure& failure : report.failures)
    if (Error error = error_of(failure); !InterruptsRun(error)) return error;
  return error_of(report.failures.front());
}

}  // namespace

transfer::TransferEnv CatalogActions::Env(std::stop_token stop) const {
  return {transfer_.places, transfer_.journal, transfer_.clock, transfer_.progress,
          std::move(stop)};
}

Result<bool> CatalogActions::IsMade(const Item& item) {
  SF_TRY(const auto record, catalog_.Find(options_.target, item.to));
  return record && IsOurs(*record) && record->phase == catalog::Phase::kReady;
}

Result<void> CatalogActions::AddReservation(const entities::Entity& entity,
                                            std::vector<catalog::Change>& changes) {
  SF_TRY(const auto record, catalog_.Find(options_.target, entity.key));
  if (record && !IsOurs(*record)) return Taken(entity.key);
  if (record) return {};
  changes.push_back({.scope = options_.target,
                     .entity = entity,
                     .expected_version = 0,
                     .phase = catalog::Phase::kInitializing,
                     .made_by = options_.run_id});
  return {};
}

Result<void> CatalogActions::Reserve(const Item& item) {
  std::vector<catalog::Change> changes;
  // A snapshot's name is that of its directory too: another run would put its own one there.
  if (HasSnapshotRecord(item)) SF_TRY(AddReservation(item.snapshot_record, changes));
  SF_TRY(AddReservation({item.to, item.body}, changes));
  return changes.empty() ? Result<void>() : catalog_.Apply(changes);
}

Result<void> CatalogActions::Free(const entities::EntityKey& key) {
  SF_TRY(const auto record, catalog_.Find(options_.target, key));
  if (!record || !IsOurs(*record) || record->phase == catalog::Phase::kReady) return {};
  const catalog::Change change{.what = catalog::Change::What::kDelete,
                               .scope = options_.target,
                               .entity = {key, Json::object()},
                               .expected_version = record->version};
  return catalog_.Apply(std::span(&change, 1));
}

Result<void> CatalogActions::Unreserve(const Item& item) { return Free(item.to); }

/// One transfer for all files that go into one directory.  Returns their bytes.
Result<std::uint64_t> CatalogActions::MoveTogether(const storage::Location& to,
                                                   const std::vector<FileMove>& files,
                                                   std::stop_token stop) {
  Json names = Json::array();
  for (const FileMove& file : files) names.push_back({file.from, file.to});
  const transfer::TransferRequest request{.kind = "files",
                                          .from = files.front().from,
                                          .to = to,
                                          .parameters = {{"files", std::move(names)}},
                                          .command = options_.command};
  const transfer::FileLister list = [&](const transfer::FileVisitor& visit) -> Result<void> {
    for (const FileMove& file : files) {
      SF_TRY(const auto from, storage::ParseLocation(file.from));
      SF_TRY(const auto target, storage::ParseLocation(file.to));
      SF_TRY(const auto object, transfer_.places.OpenObject(from, storage::Access::kRead));
      auto meta = object.place.backend->Stat(object.key);
      if (!meta) return std::move(meta).error().WithContext("reading " + from.ToString());
      SF_TRY(visit({.from_dir = from.Parent(),
                    .from_name = from.Name(),
                    .to_name = target.Name(),
                    .size_bytes = meta->size_bytes,
                    .etag = meta->etag}));
    }
    return {};
  };
  SF_TRY(const auto report,
         transfer::RunTransfer(request, list, nullptr, options_.transfer, Env(std::move(stop))));
  SF_TRY(Whole(report));
  return report.bytes_total;
}

Result<void> CatalogActions::MoveFiles(Item& item, std::stop_token stop) {
  return WithRule(MoveAllFiles(item, stop), options_.files_rule);
}

Result<void> CatalogActions::MoveState(Item& item, std::stop_token stop) {
  return WithRule(Relocate(item, std::move(stop)), options_.state_rule);
}

Result<void> CatalogActions::MoveAllFiles(Item& item, const std::stop_token& stop) {
  std::map<std::string, std::vector<FileMove>> by_directory;
  for (const FileMove& file : item.files) {
    if (moved_.contains({file.from, file.to})) continue;
    SF_TRY(const auto to, storage::ParseLocation(file.to));
    by_directory[to.Parent().ToUri()].push_back(file);
  }
  for (const auto& [directory, files] : by_directory) {
    SF_TRY(const auto to, storage::ParseLocation(directory));
    SF_TRY(const std::uint64_t bytes, MoveTogether(to, files, stop));
    item.bytes_done += bytes;
    for (const FileMove& file : files) moved_.emplace(file.from, file.to);
  }
  item.bytes_total = std::max(item.bytes_total, item.bytes_done);
  return {};
}

Result<void> CatalogActions::Relocate(Item& item, std::stop_token stop) {
  SF_TRY(auto request, RelocationOf(item, options_.run_id));
  request.command = options_.command;
  SF_TRY(const auto report, snapshot::Relocate(request, options_.transfer, Env(std::move(stop))));
  SF_TRY(Whole(report.transfer));
  item.bytes_done += report.transfer.bytes_total;
  item.bytes_total = std::max(item.bytes_total, item.bytes_done);
  return {};
}

Result<void> CatalogActions::DropState(const Item& item) {
  if (item.snapshot_to.empty()) return {};
  if (HasSnapshotRecord(item)) {
    // Whatever lies in a directory that has another owner, or is in use, is not to be taken back.
    SF_TRY(const auto holder, catalog_.Find(options_.target, item.snapshot_record.key));
    if (holder && (!IsOurs(*holder) || holder->phase == catalog::Phase::kReady)) return {};
  }
  SF_TRY(const auto request, RelocationOf(item, options_.run_id));
  const std::string id = snapshot::RelocationId(request);
  SF_TRY(const auto record, transfer_.journal.Find(id));
  if (record)
    SF_TRY(transfer::TakeBackTransfer(id, {std::string(snapshot::kMetadataName)}, transfer_.journal,
                                      transfer_.places, transfer_.clock));
  // Not before: as long as something is left nobody may use the directory.
  return HasSnapshotRecord(item) ? Free(item.snapshot_record.key) : Result<void>();
}

void CatalogActions::MakeStateless(Item& item) {
  item.snapshot_from.clear();
  item.snapshot_to.clear();
  item.snapshot_record = {};
  if (options_.clear_restore_point) options_.clear_restore_point(item.body);
}

Result<void> CatalogActions::AddChange(const entities::Entity& entity,
                                       std::vector<catalog::Change>& changes) {
  SF_TRY(const auto record, catalog_.Find(options_.target, entity.key));
  if (record && !IsOurs(*record)) return Taken(entity.key);
  if (record && record->phase == catalog::Phase::kReady) return {};
  changes.push_back({.scope = options_.target,
                     .entity = entity,
                     .expected_version = record ? record->version : 0,
                     .made_by = options_.run_id});
  return {};
}

Result<std::vector<catalog::Change>> CatalogActions::ChangesOf(const Item& item) {
  std::vector<catalog::Change> changes;
  if (HasSnapshotRecord(item)) SF_TRY(AddChange(item.snapshot_record, changes));
  SF_TRY(AddChange({item.to, item.body}, changes));
  return changes;
}

Result<std::vector<Result<void>>> CatalogActions::Make(std::span<const Item> items,
                                                       bool stop_at_failure) {
  std::vector<catalog::Change> all;
  bool in_the_way = false;
  for (const Item& item : items) {
    auto changes = ChangesOf(item);
    if (!changes && !IsAboutAnItem(changes.error())) return std::move(changes).error();
    in_the_way |= !changes;
    if (changes) std::move(changes->begin(), changes->end(), std::back_inserter(all));
  }
  if (!in_the_way) {
    const auto applied = catalog_.Apply(all);
    if (applied) return std::vector<Result<void>>(items.size());
    if (!IsAboutAnItem(applied.error())) return applied.error();
  }
  std::vector<Result<void>> results;
  for (const Item& item : items) {
    auto changes = ChangesOf(item);
    Result<void> made = changes ? catalog_.Apply(*changes) : std::move(changes).error();
    if (!made && !IsAboutAnItem(made.error())) return std::move(made).error();
    results.push_back(std::move(made));
    if (!results.back() && stop_at_failure) break;
  }
  return results;
}

}  // namespace stateferry::state::workflow
