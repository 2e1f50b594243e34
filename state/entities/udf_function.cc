#include "state/entities/all.h"

namespace stateferry::state::entities {

KindSpec UdfFunctionKind() {
  return {.name = "udf-function",
          .summary = "A user-defined function as SQL names it",
          .names = kIdentifier,
          .fields = {{.path = "udfArtifactName",
                      .required = true,
                      .role = FieldRole::kReference,
                      .refers_to = "udf-artifact"},
                     {.path = "className", .required = true},
                     {.path = "description"}},
          .not_cloned = {"creator", "createdAt", "modifiedAt"}};
}

}  // namespace stateferry::state::entities
