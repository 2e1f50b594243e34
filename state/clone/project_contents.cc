#include "state/clone/project_contents.h"

#include <algorithm>
#include <tuple>

#include "state/entities/kinds.h"

namespace stateferry::state::clone {

using entities::Travel;

const entities::Entity* ProjectContents::Find(const entities::EntityKey& key) const {
  const auto it = index.find(key);
  return it == index.end() ? nullptr : &entities[it->second];
}

Result<ProjectContents> ReadProject(catalog::Catalog& catalog, const std::string& project) {
  ProjectContents contents;
  for (const auto& kind : entities::Kinds())
    if (kind.spec().travel == Travel::kNever)
      contents.excluded[std::string(kind.spec().excluded_as)] = 0;
  SF_TRY(catalog.List(project, "", [&](const catalog::Record& record) -> Result<void> {
    const auto* kind = entities::FindKind(record.entity.key.kind);
    if (kind == nullptr) return {};
    if (record.phase == catalog::Phase::kInitializing) {
      contents.half_made.push_back(record.entity.key);
      return {};
    }
    const Travel travel = kind->spec().travel;
    if (travel == Travel::kNever) ++contents.excluded[std::string(kind->spec().excluded_as)];
    if (travel == Travel::kCloned) contents.entities.push_back(record.entity);
    if (travel == Travel::kSnapshot) contents.snapshots.push_back(record.entity);
    if (travel == Travel::kRunState) contents.jobs.push_back(record.entity);
    return {};
  }));
  const auto place = [](const entities::EntityKey& key) {
    return std::tuple(entities::KindOrder(key.kind), DepthOf(key), std::string_view(key.name));
  };
  std::sort(contents.entities.begin(), contents.entities.end(),
            [&](const auto& a, const auto& b) { return place(a.key) < place(b.key); });
  for (std::size_t i = 0; i < contents.entities.size(); ++i)
    contents.index.emplace(contents.entities[i].key, i);
  return contents;
}

bool TakenNames::Has(const entities::EntityKey& key) const {
  const auto names = by_kind.find(key.kind);
  return names != by_kind.end() && names->second.contains(key.name);
}

Result<TakenNames> ReadTakenNames(catalog::Catalog& catalog, const std::string& project) {
  TakenNames taken;
  SF_TRY(catalog.List(project, "", [&](const catalog::Record& record) -> Result<void> {
    taken.Add(record.entity.key);
    if (!record.made_by.empty()) taken.clones.insert(record.made_by);
    const auto* kind = entities::FindKind(record.entity.key.kind);
    if (kind != nullptr &&
        (kind->spec().travel == Travel::kCloned || kind->spec().travel == Travel::kSnapshot))
      ++taken.cloned_kinds;
    return {};
  }));
  return taken;
}

std::size_t DepthOf(const entities::EntityKey& key) {
  const auto* kind = entities::FindKind(key.kind);
  if (kind == nullptr || kind->spec().parent_kind != kind->name()) return 0;
  return static_cast<std::size_t>(std::count(key.name.begin(), key.name.end(), '/'));
}

}  // namespace stateferry::state::clone
