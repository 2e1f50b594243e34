#include "state/entities/all.h"
#include "state/entities/job_fields.h"

namespace stateferry::state::entities {

KindSpec SessionClusterKind() {
  return {
      .name = "session-cluster",
      .summary = "A cluster that several jobs share",
      .names = kScopeName,
      .fields = Joined(
          {{{.path = "engineVersion", .required = true},
            {.path = "deploymentTargetName", .role = FieldRole::kReference, .refers_to = "queue"},
            {.path = "basicResourceSetting", .type = FieldType::kObject}},
           FlinkConfFields(),
           CommonJobFields()}),
      .not_cloned = {"sessionClusterId", "namespace", "workspace", "creator", "creatorName",
                     "modifier", "modifierName", "createdAt", "modifiedAt", "status", "state",
                     "desiredState"}};
}

}  // namespace stateferry::state::entities
