#include "state/clone/left_files.h"

#include <set>
#include <string>

#include "state/clone/space_checks.h"

namespace stateferry::state::clone {

Result<std::vector<storage::Location>> LeftFiles(const workflow::Run& run, const ItemWalk& walk,
                                                 catalog::Catalog& catalog,
                                                 storage::Places& places) {
  std::vector<storage::Location> left;
  workflow::Findings unsaid;
  SF_TRY(const auto target, FindSide("target", run.target, catalog, unsaid));
  if (!target) return left;
  places.Give(target->root);
  std::set<std::string> needed, others;
  SF_TRY(walk([&](const workflow::Item& item) -> Result<void> {
    const bool made = item.status == workflow::ItemStatus::kSucceeded ||
                      item.status == workflow::ItemStatus::kDegradedStateless;
    for (const workflow::FileMove& file : item.files) (made ? needed : others).insert(file.to);
    return {};
  }));
  for (const std::string& uri : others) {
    if (needed.contains(uri)) continue;
    SF_TRY(auto location, storage::ParseLocation(uri));
    SF_TRY(const auto object, places.OpenObject(location, storage::Access::kRead));
    const auto meta = object.place.backend->Stat(object.key);
    if (meta)
      left.push_back(std::move(location));
    else if (meta.error().code() != ErrorCode::kNotFound)
      return meta.error().WithContext("looking at " + location.ToString());
  }
  return left;
}

}  // namespace stateferry::state::clone
