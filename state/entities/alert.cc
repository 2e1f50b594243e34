// An alert rule.  Never cloned.
#include "state/entities/all.h"

namespace stateferry::state::entities {

KindSpec AlertKind() {
  return {
      .name = "alert",
      .summary = "An alert rule",
      .travel = Travel::kNever,
      .excluded_as = "alert",
      .names = kJobName,
      .fields = {{.path = "deployment", .role = FieldRole::kReference, .refers_to = "deployment"},
                 {.path = "rule", .type = FieldType::kObject},
                 {.path = "description"}}};
}

}  // namespace stateferry::state::entities
