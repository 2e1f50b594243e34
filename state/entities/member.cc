// What an account may do in a project.  OWNER and ADMIN are the same; a right is granted to
// others by name.
#include "state/entities/all.h"

namespace stateferry::state::entities {

KindSpec MemberKind() {
  return {.name = "member",
          .summary = "An account with its role in the project",
          .travel = Travel::kNever,
          .excluded_as = "permission",
          .names = kAccountName,
          .fields = {{.path = "role",
                      .required = true,
                      .choices = {"OWNER", "ADMIN", "EDITOR", "VIEWER", "CUSTOM"}},
                     {.path = "grants", .type = FieldType::kList},
                     {.path = "grants/*", .choices = {"clone"}},
                     {.path = "description"}}};
}

}  // namespace stateferry::state::entities
