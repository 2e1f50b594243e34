// A custom connector, used as 'connector' = 'NAME'.
#include "state/entities/all.h"

namespace stateferry::state::entities {

KindSpec ConnectorKind() {
  return {.name = "connector",
          .summary = "A custom connector",
          .names = kConnectorName,
          .fields = {{.path = "type"},
                     {.path = "lookup", .type = FieldType::kBoolean},
                     {.path = "source", .type = FieldType::kBoolean},
                     {.path = "sink", .type = FieldType::kBoolean},
                     {.path = "supportedFormats", .type = FieldType::kList},
                     {.path = "supportedFormats/*"},
                     {.path = "properties", .type = FieldType::kList},
                     {.path = "properties/*", .type = FieldType::kObject},
                     {.path = "properties/*/key", .required = true},
                     {.path = "properties/*/required", .type = FieldType::kBoolean},
                     {.path = "properties/*/sensitive", .type = FieldType::kBoolean},
                     {.path = "properties/*/defaultValue", .type = FieldType::kScalar},
                     {.path = "dependencies", .type = FieldType::kList},
                     {.path = "dependencies/*", .role = FieldRole::kFile},
                     {.path = "description"}},
          .not_cloned = {"creator", "createdAt", "modifiedAt"}};
}

}  // namespace stateferry::state::entities
