#include "state/catalog/remove_entities.h"

#include <fmt/format.h>

#include <set>

#include "base/json.h"
#include "state/entities/kinds.h"

namespace stateferry::state::catalog {

namespace {

constexpr std::size_t kNamed = 5;  // of a long list, so many are named

bool HasNotEnded(const entities::Entity& run) {
  const Json::json_pointer field("/status/currentJobStatus");
  if (run.key.kind != "job" || !run.body.contains(field)) return false;
  const Json& status = run.body.at(field);
  return status == "STARTING" || status == "RUNNING" || status == "CANCELLING";
}

std::string Named(const entities::EntityKey& key) {
  return fmt::format("{} '{}'", key.kind, key.name);
}

template <typename List, typename Text>
std::string Several(const List& list, const Text& text) {
  std::string names;
  for (std::size_t i = 0; i < std::min(list.size(), kNamed); ++i)
    names += (i ? ", " : "") + text(list[i]);
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
      if (HasNotEnded(record.entity)) removal.running.push_back(key);
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
    return Error(ErrorCode::kRefused, "these have not ended: " + Several(removal.running, Named))
        .WithHint("stop them first");
  if (!removal.needed.empty())
    return Error(ErrorCode::kRefused, "still needed: " + Several(removal.needed,
                                                                 [](const Removal::Need& need) {
                                                                   return fmt::format(
                                                                       "{} by {}", Named(need.what),
                                                                       Named(need.by));
                                                                 }))
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
