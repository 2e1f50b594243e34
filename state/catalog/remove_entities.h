#pragma once
// Taking entities out of a project by hand: what was cloned and is not wanted, for example (C-19).

#include <functional>
#include <vector>

#include "state/catalog/catalog.h"

namespace stateferry::state::catalog {

struct Removal {
  struct Need {
    entities::EntityKey by, what;
  };
  std::vector<Record> records;
  /// What stays and refers to what goes; links that may be unset without harm do not count.
  std::vector<Need> needed = {};
  /// Of the records those of runs that have not ended.
  std::vector<entities::EntityKey> running = {};
};

/// Reads only.  Errors: those of listing the project.
Result<Removal> PlanRemoval(Catalog& catalog, const Scope& project,
                            const std::function<bool(const Record&)>& is_chosen);

/// kRefused while something that stays needs one of them, or a run has not ended.
Result<void> MayBeRemoved(const Removal& removal);

/// All of them or none, as they were planned; bytes in storage stay.  Errors: of MayBeRemoved;
/// kConflict when one was changed since; those of Catalog::Apply.
Result<void> RemoveEntities(Catalog& catalog, const Scope& project, const Removal& removal);

}  // namespace stateferry::state::catalog
