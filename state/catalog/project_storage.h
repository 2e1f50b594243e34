#pragma once
// Where a project keeps its bytes.

#include <string>

#include "base/result.h"
#include "state/entities/entity.h"
#include "storage/location.h"

namespace stateferry::state::catalog {

/// The name of the workspace of a project "WORKSPACE/PROJECT".
inline std::string WorkspaceOf(const std::string& project) {
  return project.substr(0, project.find('/'));
}

/// Managed storage, or a bucket.
bool IsManaged(const entities::Entity& workspace);

/// STORAGE/PROJECT, where STORAGE is that of the workspace, and PROJECT the last component of the
/// project's name ("WORKSPACE/PROJECT").  `workspace` must be valid for its kind.
/// Errors: kInvalidArgument.
Result<storage::Location> ProjectRoot(const entities::Entity& workspace,
                                      const std::string& project);
/// Jars, archives, UDFs: named as resource-file entities are.
storage::Location FilesRoot(const storage::Location& project_root);
/// Where the snapshots that a clone brings lie: one directory below it for each.
storage::Location SnapshotsRoot(const storage::Location& project_root);

}  // namespace stateferry::state::catalog
