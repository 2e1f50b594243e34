// A folder of drafts and scripts.  Its name is its path, and its parents are folders too.
#include "state/entities/all.h"

namespace stateferry::state::entities {

KindSpec FolderKind() {
  return {.name = "folder",
          .summary = "A folder of drafts and scripts, named by its path",
          .names = kPathName,
          .parent_kind = "folder",
          .fields = {{.path = "description"}},
          .not_cloned = {"folderId", "parentId", "creator", "createdAt", "modifiedAt"}};
}

}  // namespace stateferry::state::entities
