// A catalog of Flink SQL with its databases and tables.  Jobs name it in their SQL, which nobody
// rewrites (C-28).
#include "state/entities/all.h"

namespace stateferry::state::entities {

KindSpec CatalogKind() {
  return {.name = "catalog",
          .summary = "A catalog of SQL with its databases and tables",
          .names = kIdentifier,
          .fields = {{.path = "properties", .type = FieldType::kObject, .required = true},
                     {.path = "properties/*", .type = FieldType::kScalar, .role = FieldRole::kText},
                     {.path = "databases", .type = FieldType::kList},
                     {.path = "databases/*", .type = FieldType::kObject},
                     {.path = "databases/*/name", .required = true},
                     {.path = "databases/*/tables", .type = FieldType::kList},
                     {.path = "databases/*/tables/*", .type = FieldType::kObject},
                     {.path = "databases/*/tables/*/name", .required = true},
                     {.path = "databases/*/tables/*/properties", .type = FieldType::kObject},
                     {.path = "databases/*/tables/*/properties/*",
                      .type = FieldType::kScalar,
                      .role = FieldRole::kText},
                     {.path = "databases/*/tables/*/schema", .type = FieldType::kObject},
                     {.path = "databases/*/tables/*/partitionKeys", .type = FieldType::kList},
                     {.path = "databases/*/tables/*/partitionKeys/*"},
                     {.path = "databases/*/tables/*/tableType"},
                     {.path = "description"}},
          .not_cloned = {"creator", "createdAt", "modifiedAt"}};
}

}  // namespace stateferry::state::entities
