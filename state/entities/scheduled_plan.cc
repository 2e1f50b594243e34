// Task orchestration: when a deployment is rescaled or started.  Never cloned.
#include "state/entities/all.h"

namespace stateferry::state::entities {

KindSpec ScheduledPlanKind() {
  return {
      .name = "scheduled-plan",
      .summary = "A schedule of a deployment",
      .travel = Travel::kNever,
      .excluded_as = "orchestration",
      .names = kJobName,
      .fields = {{.path = "deployment", .role = FieldRole::kReference, .refers_to = "deployment"},
                 {.path = "periodicSchedulingPolicies", .type = FieldType::kList},
                 {.path = "periodicSchedulingPolicies/*", .type = FieldType::kObject},
                 {.path = "description"}}};
}

}  // namespace stateferry::state::entities
