#pragma once

#include <optional>
#include <string>
#include <vector>

#include "state/catalog/catalog.h"
#include "storage/location.h"

namespace stateferry::state::catalog {

struct Difference {
  enum class In { kFirst, kSecond, kBoth };
  entities::EntityKey key;
  In in = In::kBoth;
  /// JSON pointers of what differs, of entities that are in both.
  std::vector<std::string> fields = {};
};

struct ComparedProject {
  Scope project;
  storage::Location root;  ///< of its storage
};

/// What is in only one of the projects, or other in both, by kind and name.  Fields that no clone
/// takes along (ids, people, times) do not count, nor does the order of fields; a place in the
/// storage of the first equals the same place in that of the second.  Errors: of the catalog.
Result<std::vector<Difference>> CompareProjects(Catalog& catalog, const ComparedProject& first,
                                                const ComparedProject& second);

}  // namespace stateferry::state::catalog
