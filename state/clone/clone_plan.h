#pragma once
// Preflight and plan of a clone: reads, never writes.

#include <chrono>
#include <cstdint>
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

/// What nobody selected, but something that was needs (C-36).
struct Dependency {
  entities::EntityKey key, needed_by;
};

/// The state that goes with a job (C-23, C-25).
struct ChosenSnapshot {
  entities::EntityKey job, snapshot;
  std::string created;       ///< RFC 3339, UTC
  std::chrono::seconds age;  ///< when the plan was made
  std::uint64_t size_bytes = 0;
};

struct ClonePlan {
  std::vector<workflow::Finding> findings;  ///< everything that was found, errors first
  /// In the order in which they are made.  Not all are to be made: see PlanClone.
  std::vector<workflow::Item> items;
  std::vector<Dependency> dependencies;           ///< items that were not selected
  std::vector<ChosenSnapshot> snapshots;          ///< of the items with state
  std::vector<Rename> renames;                    ///< C-27
  std::map<std::string, std::uint64_t> excluded;  ///< C-07
  bool ok() const { return workflow::FirstError(findings).has_value(); }
};

/// The warning that every clone begins with (C-18).
workflow::Finding NoWayBack(const std::string& target);

/// References are borrowed for the call.
struct PlanEnv {
  catalog::Catalog& catalog;
  storage::Places& places;
  Clock& clock;
  std::stop_token stop;
};

/// Finds all that is wrong before anything is written: findings of kind kError mean that the clone
/// must not start; the plan then has no items.
///
/// Each item has one of these statuses:
/// - kPending: to be made.  With a `reason` it has lost the state that was asked for already
///   (C-44) and ends as kDegradedStateless; its body says so.
/// - kSkippedRunning: a running job that is left alone (C-40); `to.name` is "".
/// - kFailed: cannot be made, for `rule`, `category` and `reason`; OnError decides what follows
/// when
///   its turn comes (C-42, C-43).
/// A file that several items need stands in each of them: it is moved once in a run.
/// Errors: of the catalog; kCancelled; of the places what is not a finding (kUnavailable, kIo...).
Result<ClonePlan> PlanClone(const CloneRequest& request, const PlanEnv& env);

}  // namespace stateferry::state::clone
