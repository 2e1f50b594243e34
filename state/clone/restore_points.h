#pragma once
// Gives the jobs of a plan the state that they restore from (C-23 to C-25, C-38).

#include <map>
#include <vector>

#include "base/clock.h"
#include "state/clone/clone_plan.h"
#include "state/clone/job_states.h"
#include "state/clone/new_names.h"
#include "state/clone/space_checks.h"

namespace stateferry::state::clone {

struct RestorePointContext {
  const CloneRequest& request;
  const Space& space;
  const ProjectContents& contents;
  NameGiver& giver;
  const PlanEnv& env;
  workflow::Findings& findings;
};

/// For each pending streaming job of `items`: the newest snapshot as an entity of the target, where
/// it comes from and goes to, and the restore strategy; or why there is none, which the strategy
/// for errors judges.  Returns the snapshots with their ages.
/// Errors: of the places, what repeating may help; kCancelled.
Result<std::vector<ChosenSnapshot>> SetRestorePoints(const RestorePointContext& context,
                                                     std::vector<workflow::Item>& items);

}  // namespace stateferry::state::clone
