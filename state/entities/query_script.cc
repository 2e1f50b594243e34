// A script that is run by hand on a session cluster ("SqlFile" in the vendor's API).
#include "state/entities/all.h"

namespace stateferry::state::entities {

KindSpec QueryScriptKind() {
  return {
      .name = "query-script",
      .summary = "A script for the query console, named by its path",
      .names = kPathName,
      .parent_kind = "folder",
      .fields = {{.path = "sqlScript", .required = true, .role = FieldRole::kSql},
                 {.path = "sessionClusterName",
                  .role = FieldRole::kReference,
                  .refers_to = "session-cluster"},
                 {.path = "batchMode", .type = FieldType::kBoolean},
                 {.path = "description"}},
      .not_cloned = {"sqlFileId", "parentId", "creator", "modifier", "createdAt", "modifiedAt"}};
}

}  // namespace stateferry::state::entities
