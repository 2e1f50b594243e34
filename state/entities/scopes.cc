// What is around the entities: region, workspace, project.
#include "state/entities/all.h"

namespace stateferry::state::entities {

namespace {
/// A workspace keeps its files in managed storage or in a bucket, never both.
void CheckStorage(const Entity& workspace, std::vector<Problem>& problems) {
  const Json& storage = workspace.body.at("storage");
  const auto managed = JsonString(storage, "managed"), bucket = JsonString(storage, "bucket");
  if (managed.has_value() == bucket.has_value()) {
    problems.push_back({"/storage", "'storage' has either 'managed' or 'bucket'"});
    return;
  }
  const std::string pointer = managed ? "/storage/managed" : "/storage/bucket";
  const auto place = storage::ParseLocation(managed ? *managed : *bucket);
  if (!place) {
    problems.push_back({pointer, place.error().message()});
  } else if (managed && !storage::IsManaged(*place)) {
    problems.push_back({pointer, "'managed' must be a managed:// place"});
  } else if (bucket && storage::IsManaged(*place)) {
    problems.push_back({pointer, "'bucket' must not be a managed:// place"});
  }
}
}  // namespace

KindSpec RegionKind() {
  return {.name = "region",
          .summary = "A region; clones stay inside one",
          .travel = Travel::kScope,
          .names = kScopeName,
          .fields = {{.path = "description"}}};
}

KindSpec WorkspaceKind() {
  return {.name = "workspace",
          .summary = "A workspace with its architecture and storage",
          .travel = Travel::kScope,
          .names = kScopeName,
          .fields = {{.path = "region",
                      .required = true,
                      .role = FieldRole::kReference,
                      .refers_to = "region"},
                     {.path = "architecture", .required = true, .choices = {"x86", "arm"}},
                     {.path = "storage", .type = FieldType::kObject, .required = true},
                     {.path = "storage/managed"},
                     {.path = "storage/bucket"},
                     {.path = "members", .type = FieldType::kList},
                     {.path = "members/*", .type = FieldType::kObject},
                     {.path = "members/*/name", .required = true},
                     {.path = "members/*/role",
                      .required = true,
                      .choices = {"OWNER", "ADMIN", "EDITOR", "VIEWER", "CUSTOM"}},
                     {.path = "members/*/grants", .type = FieldType::kList},
                     {.path = "members/*/grants/*", .choices = {"clone"}},
                     {.path = "description"}},
          .check = CheckStorage};
}

KindSpec ProjectKind() {
  return {.name = "project",
          .summary = "A project, named WORKSPACE/PROJECT",
          .travel = Travel::kScope,
          .names = kProjectName,
          .parent_kind = "workspace",
          .fields = {{.path = "defaultQueue"},
                     {.path = "labels", .type = FieldType::kObject},
                     {.path = "labels/*", .type = FieldType::kScalar},
                     {.path = "description"}}};
}

}  // namespace stateferry::state::entities
