// A run of a deployment: whether it runs decides what a clone may do with it (C-40, C-41).
#include "state/entities/all.h"

namespace stateferry::state::entities {

KindSpec JobKind() {
  return {.name = "job",
          .summary = "A run of a deployment",
          .travel = Travel::kRunState,
          .names = kServerId,
          .fields = {
              {.path = "deployment",
               .required = true,
               .role = FieldRole::kReference,
               .refers_to = "deployment"},
              {.path = "status", .type = FieldType::kObject, .required = true},
              {.path = "status/currentJobStatus",
               .required = true,
               .choices = {"STARTING", "RUNNING", "CANCELLING", "FAILED", "CANCELLED", "FINISHED"}},
              {.path = "restoreStrategy", .type = FieldType::kObject},
              {.path = "userFlinkConf", .type = FieldType::kObject}}};
}

}  // namespace stateferry::state::entities
