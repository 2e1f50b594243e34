#pragma once
// Preflight and plan of a clone: reads, never writes.

#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "state/catalog/catalog.h"
#include "state/clone/clone_request.h"
#include "state/workflow/finding.h"
#include "state/workflow/run.h"
#include "storage/places.h"

namespace stateferry::state::clone {

struct Rename {
  entities::EntityKey from;
  std::string to;
};

struct ClonePlan {
  std::vector<workflow::Finding> findings;        ///< everything that was found, errors first
  std::vector<workflow::Item> items;              ///< in the order in which they are made
  std::vector<Rename> renames;                    ///< C-27
  std::map<std::string, std::uint64_t> excluded;  ///< C-07
  bool ok() const { return workflow::FirstError(findings).has_value(); }
};

/// References are borrowed for the call.
struct PlanEnv {
  catalog::Catalog& catalog;
  storage::Places& places;
  Clock& clock;
  std::stop_token stop;
};

/// Finds all that is wrong before anything is written: findings of kind kError mean that the clone
/// must not start; the plan then has no items.  Errors: of the catalog; kCancelled.
Result<ClonePlan> PlanClone(const CloneRequest& request, const PlanEnv& env);

}  // namespace stateferry::state::clone
