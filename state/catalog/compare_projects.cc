#include "state/catalog/compare_projects.h"

#include <map>

#include "state/entities/kinds.h"

namespace stateferry::state::catalog {

namespace {

Result<std::map<entities::EntityKey, entities::Entity>> Read(Catalog& catalog, const Scope& scope) {
  std::map<entities::EntityKey, entities::Entity> found;
  SF_TRY(catalog.List(scope, "", [&](const Record& record) -> Result<void> {
    if (record.phase == Phase::kReady) found.emplace(record.entity.key, record.entity);
    return {};
  }));
  return found;
}

std::vector<std::string> DifferentFields(entities::Entity first, entities::Entity second,
                                         const entities::PathMap& map) {
  const entities::EntityKind& kind = *entities::FindKind(first.key.kind);
  kind.DropNotCloned(first);
  kind.DropNotCloned(second);
  kind.Retarget(first, map);
  // The same place may be written in several ways; this writes it in one.
  kind.Retarget(second, {{map.front().second, map.front().second}});
  std::vector<std::string> fields;
  for (const Json& step : Json::diff(first.body, second.body))
    fields.push_back(step.at("path").get<std::string>());
  return fields;
}

}  // namespace

Result<std::vector<Difference>> CompareProjects(Catalog& catalog, const ComparedProject& first,
                                                const ComparedProject& second) {
  SF_TRY(const auto left, Read(catalog, first.project));
  SF_TRY(const auto right, Read(catalog, second.project));
  const entities::PathMap map{{first.root, second.root}};
  std::vector<Difference> differences;
  auto l = left.begin();
  auto r = right.begin();
  while (l != left.end() || r != right.end()) {
    if (r == right.end() || (l != left.end() && l->first < r->first)) {
      differences.push_back({.key = (l++)->first, .in = Difference::In::kFirst});
    } else if (l == left.end() || r->first < l->first) {
      differences.push_back({.key = (r++)->first, .in = Difference::In::kSecond});
    } else {
      auto fields = DifferentFields(l->second, r->second, map);
      if (!fields.empty()) differences.push_back({.key = l->first, .fields = std::move(fields)});
      ++l;
      ++r;
    }
  }
  return differences;
}

}  // namespace stateferry::state::catalog
