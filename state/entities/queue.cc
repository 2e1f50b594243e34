// A resource queue ("DeploymentTarget" in the vendor's API): belongs to its workspace, never
// cloned.
#include "state/entities/all.h"

namespace stateferry::state::entities {

KindSpec QueueKind() {
  return {.name = "queue",
          .summary = "A resource queue",
          .travel = Travel::kNever,
          .excluded_as = "queue",
          .names = kScopeName,
          .fields = {{.path = "quota", .type = FieldType::kObject}, {.path = "description"}}};
}

}  // namespace stateferry::state::entities
