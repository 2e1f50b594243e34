// A jar or archive with user-defined functions, and the classes in it.
#include "state/entities/all.h"

namespace stateferry::state::entities {

KindSpec UdfArtifactKind() {
  return {.name = "udf-artifact",
          .summary = "A jar or archive with user-defined functions and its classes",
          .names = kArtifactName,
          .fields = {{.path = "artifactType",
                      .choices = {"ARTIFACT_TYPE_JAVA", "ARTIFACT_TYPE_PYTHON"}},
                     {.path = "jarUrl", .required = true, .role = FieldRole::kFile},
                     {.path = "dependencyJarUris", .type = FieldType::kList},
                     {.path = "dependencyJarUris/*", .role = FieldRole::kFile},
                     {.path = "udfClasses", .type = FieldType::kList},
                     {.path = "udfClasses/*", .type = FieldType::kObject},
                     {.path = "udfClasses/*/className", .required = true},
                     {.path = "udfClasses/*/classType"},
                     {.path = "udfClasses/*/functionNames", .type = FieldType::kList},
                     {.path = "udfClasses/*/functionNames/*"},
                     {.path = "description"}},
          .not_cloned = {"creator", "createdAt", "modifiedAt"}};
}

}  // namespace stateferry::state::entities
