#include "state/clone/left_files.h"

#include <map>
#include <set>
#include <string>

#include "state/clone/file_sizes.h"
#include "state/clone/project_files.h"
#include "state/entities/kinds.h"
#include "state/snapshot/path_map.h"

namespace stateferry::state::clone {

namespace {
/// The target of a run, with the options that its workspace gives for its storage.
Result<Side> TargetOf(const workflow::Run& run, catalog::Catalog& catalog,
                      storage::Places& places) {
  workflow::Findings findings;
  SF_TRY(const auto target, FindSide("target", run.target, catalog, findings));
  if (!target) {
    SF_TRY(workflow::FirstError(std::move(findings).Take()));
    return Error(ErrorCode::kInternal, "a missing project without a finding");
  }
  places.Give(target->root);
  return *target;
}

std::string WhyLeft(const workflow::Item& item) {
  switch (item.status) {
    case workflow::ItemStatus::kFailed: return "it failed: " + item.reason;
    case workflow::ItemStatus::kDegradedStateless: return "it was made without: " + item.reason;
    case workflow::ItemStatus::kNotStarted:
      return item.reason.empty() ? "its clone was stopped" : item.reason;
    default: return "its clone has not ended";
  }
}

/// Of all files that the entities of a project name.
Result<std::set<std::string>> NamedFiles(const Side& side, catalog::Catalog& catalog) {
  SF_TRY(const auto contents, ReadProject(catalog, side.project));
  const Space space{side, side};
  const ProjectFiles files(space, contents);
  std::set<std::string> named;
  const auto add = [&](const std::optional<ProjectFile>& file) {
    if (file) named.insert(snapshot::LocationKey(file->location));
  };
  for (const entities::Entity& entity : contents.entities) {
    add(entity.key.kind == "resource-file" ? files.Of(entity) : std::nullopt);
    for (const auto& place : entities::FindKind(entity.key.kind)->Files(entity))
      add(files.Resolve(place.text));
  }
  return named;
}
}  // namespace

Result<std::vector<storage::Location>> LeftFiles(const workflow::Run& run, const ItemWalk& walk,
                                                 catalog::Catalog& catalog,
                                                 storage::Places& places) {
  SF_TRY(const Side target, TargetOf(run, catalog, places));
  SF_TRY(std::set<std::string> needed, NamedFiles(target, catalog));
  std::map<std::string, storage::Location> moved;  // in the order of their URIs
  SF_TRY(walk([&](const workflow::Item& item) -> Result<void> {
    const bool made = item.status == workflow::ItemStatus::kSucceeded ||
                      item.status == workflow::ItemStatus::kDegradedStateless;
    for (const workflow::FileMove& file : item.files) {
      SF_TRY(const auto location, storage::ParseLocation(file.to));
      if (made)
        needed.insert(snapshot::LocationKey(location));
      else if (item.begun)
        moved.emplace(file.to, location);
    }
    return {};
  }));
  std::vector<storage::Location> left;
  for (const auto& [uri, location] : moved) {
    if (needed.contains(snapshot::LocationKey(location))) continue;
    SF_TRY(const auto object, places.OpenObject(location, storage::Access::kRead));
    const auto meta = object.place.backend->Stat(object.key);
    if (meta)
      left.push_back(location);
    else if (meta.error().code() != ErrorCode::kNotFound)
      return meta.error().WithContext("looking at " + location.ToString());
  }
  return left;
}

Result<std::vector<LeftState>> LeftStates(const workflow::Run& run, const ItemWalk& walk,
                                          catalog::Catalog& catalog, storage::Places& places) {
  SF_TRY(TargetOf(run, catalog, places));
  std::vector<LeftState> left;
  SF_TRY(walk([&](const workflow::Item& item) -> Result<void> {
    if (item.snapshot_to.empty() || !item.begun || item.status == workflow::ItemStatus::kSucceeded)
      return {};
    SF_TRY(const auto record, catalog.Find(run.target, item.snapshot_record.key));
    if (record && (record->made_by != run.id || record->phase == catalog::Phase::kReady)) return {};
    SF_TRY(const auto directory, storage::ParseLocation(item.snapshot_to));
    SF_TRY(const bool empty, IsEmpty(places, directory));
    if (!empty) left.push_back({directory, item.to, WhyLeft(item)});
    return {};
  }));
  return left;
}

}  // namespace stateferry::state::clone
