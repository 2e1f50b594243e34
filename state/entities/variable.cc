// A project variable, used as ${secret_values.NAME}.  The value of an encrypted one is not kept:
// where it comes from it cannot be read, and a catalog is no place for secrets.
#include "state/entities/all.h"

namespace stateferry::state::entities {

namespace {
void CheckValue(const Entity& variable, std::vector<Problem>& problems) {
  if (JsonString(variable.body, "kind") != "Encrypted") return;
  const auto value = variable.body.find("value");
  if (value != variable.body.end() && !value->is_null())
    problems.push_back(
        {"/value", "an encrypted variable is kept without its value; leave 'value' out"});
}
}  // namespace

KindSpec VariableKind() {
  return {.name = "variable",
          .summary = "A variable of the project, plain or encrypted",
          .names = kIdentifier,
          .fields = {{.path = "kind", .required = true, .choices = {"Plain", "Encrypted"}},
                     {.path = "value",
                      .type = FieldType::kScalar,
                      .required = true,
                      .when = {"kind", "Plain"}},
                     {.path = "description"}},
          .not_cloned = {"creator", "modifier", "createdAt", "modifiedAt"},
          .check = CheckValue};
}

}  // namespace stateferry::state::entities
