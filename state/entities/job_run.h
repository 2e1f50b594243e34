#pragma once

#include "state/entities/entity.h"

namespace stateferry::state::entities {

/// Whether an entity is a job, a run of a deployment, that goes on: it starts, runs or is being
/// cancelled.
bool HasNotEnded(const Entity& job);

}  // namespace stateferry::state::entities
