#pragma once
// What is in the two projects of a clone, read once.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "state/catalog/catalog.h"

namespace stateferry::state::clone {

/// The source.
struct ProjectContents {
  /// What can travel, in the order in which it is made: by kind, parents first, then by name.
  std::vector<entities::Entity> entities;
  std::map<entities::EntityKey, std::size_t> index;  ///< into `entities`
  std::vector<entities::Entity> snapshots, jobs;     ///< by name
  /// What never travels, by what it is counted as (C-07); every such count is there, be it 0.
  std::map<std::string, std::uint64_t> excluded;
  /// Left by a clone that has not finished it: no part of the project yet.
  std::vector<entities::EntityKey> half_made;

  const entities::Entity* Find(const entities::EntityKey& key) const;
};
/// Errors: of the catalog.
Result<ProjectContents> ReadProject(catalog::Catalog& catalog, const std::string& project);

/// The names that are taken at the target.
struct TakenNames {
  std::unordered_map<std::string, std::unordered_set<std::string>> by_kind;
  std::set<std::string> clones;    ///< ids of clones that have made something here
  std::uint64_t cloned_kinds = 0;  ///< entities of kinds that a clone makes

  bool Has(const entities::EntityKey& key) const;
  void Add(const entities::EntityKey& key) { by_kind[key.kind].insert(key.name); }
};
/// Errors: of the catalog.
Result<TakenNames> ReadTakenNames(catalog::Catalog& catalog, const std::string& project);

/// How many parents of its own kind a name has: folders are made from the top.
std::size_t DepthOf(const entities::EntityKey& key);

}  // namespace stateferry::state::clone
