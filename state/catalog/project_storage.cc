#include "state/catalog/project_storage.h"

namespace stateferry::state::catalog {

bool IsManaged(const entities::Entity& workspace) {
  return JsonString(workspace.body.at("storage"), "managed").has_value();
}

Result<storage::Location> ProjectRoot(const entities::Entity& workspace,
                                      const std::string& project) {
  const Json& storage = workspace.body.at("storage");
  const auto place = JsonString(storage, IsManaged(workspace) ? "managed" : "bucket");
  SF_TRY(const auto root, storage::ParseLocation(place.value_or("")));
  return root.Child(project.substr(project.rfind('/') + 1));
}

storage::Location FilesRoot(const storage::Location& project_root) {
  return project_root.Child("files");
}

storage::Location SnapshotsRoot(const storage::Location& project_root) {
  return project_root.Child("snapshots");
}

}  // namespace stateferry::state::catalog
