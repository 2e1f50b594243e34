#include "state/catalog/remove_entities.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "state/entities/job_run.h"
#include "state/entities/kinds.h"

namespace stateferry::state::catalog {

namespace {

constexpr std::size_t kNamed = 5;  // of a long list, so many are named

std::string Named(const entities::EntityKey& key) {
  return fmt::format("{} '{}'", key.kind, key.name);
}

std::string Named(const Removal::Need& need) {
  return fmt::format("{} by {}", Named(need.what), Named(need.by));
}

template <typename List>
std::string Several(const List& list) {
  std::string names;
  for (std::size_t i = 0; i < std::min(list.size(), kNamed); ++i)
    names += (i ? ", " : "") + Named(list[i]);
  if (list.size() > kNamed) names += fmt::format(" and {} more", list.size() - kNamed);
  return names;
}

}  // namespace

Result<Removal> PlanRemoval(Catalog& catalog, const Scope& project,
                            const std::function<bool(const Record&)>& is_chosen) {
  Removal removal;
  std::set<entities::EntityKey> chosen;
  std::vector<Removal::Need> references;
  SF_TRY(catalog.List(project, "", [&](const Record& record) -> Result<void> {
    const auto& key = record.entity.key;
    if (is_chosen(record)) {
      chosen.insert(key);
      if (entities::HasNotEnded(record.entity)) removal.running.push_back(key);
      removal.records.push_back(record);
    } else if (const auto* kind = entities::FindKind(key.kind)) {
      for (auto& reference : kind->References(record.entity))
        if (!reference.back_link) references.push_back({key, std::move(reference.to)});
    }
    return {};
  }));
  for (auto& reference : references)
    if (chosen.contains(reference.what)) removal.needed.push_back(std::move(reference));
  return removal;
}

Result<void> MayBeRemoved(const Removal& removal) {
  if (!removal.running.empty())
    return Error(ErrorCode::kRefused, "these have not ended: " + Several(removal.running))
        .WithHint("stop them first");
  if (!removal.needed.empty())
    return Error(ErrorCode::kRefused, "still needed: " + Several(removal.needed))
        .WithHint("remove what needs them as well, or change it first");
  return {};
}

Result<void> RemoveEntities(Catalog& catalog, const Scope& project, const Removal& removal) {
  SF_TRY(MayBeRemoved(removal));
  std::vector<Change> changes;
  for (const Record& record : removal.records) {
    Change change;
    change.what = Change::What::kDelete;
    change.scope = project;
    change.entity.key = record.entity.key;
    change.expected_version = record.version;
    changes.push_back(std::move(change));
  }
  return catalog.Apply(changes);
}

}  // namespace stateferry::state::catalog
