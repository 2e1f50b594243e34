// What is being developed: the newest version in the body, older ones in `history`.
#include <fmt/format.h>

#include <set>

#include "state/entities/all.h"
#include "state/entities/job_fields.h"

namespace stateferry::state::entities {

namespace {
std::vector<Field> DraftFields() {
  return {
      {.path = "engineVersion", .required = true},
      {.path = "executionMode", .choices = {"STREAMING", "BATCH"}},
      {.path = "folder", .role = FieldRole::kReference, .refers_to = "folder"},
      {.path = "referencedDeployment", .role = FieldRole::kBackLink, .refers_to = "deployment"},
      {.path = "version", .type = FieldType::kInteger},
      {.path = "history", .type = FieldType::kList},
      {.path = "history/*", .type = FieldType::kObject},
      {.path = "history/*/version", .type = FieldType::kInteger, .required = true},
      {.path = "history/*/artifact", .type = FieldType::kObject, .required = true},
  };
}

/// Versions count up from 1, and the body's own is the newest.
void CheckVersions(const Entity& draft, std::vector<Problem>& problems) {
  const auto version_of = [](const Json& body) {
    const auto it = body.find("version");
    return it == body.end() || it->is_null() ? std::int64_t{1} : it->get<std::int64_t>();
  };
  const std::int64_t newest = version_of(draft.body);
  if (newest < 1) problems.push_back({"/version", "'version' must be 1 or more"});
  const auto history = draft.body.find("history");
  if (history == draft.body.end() || !history->is_array()) return;
  std::set<std::int64_t> seen;
  for (std::size_t i = 0; i < history->size(); ++i) {
    const std::int64_t version = version_of((*history)[i]);
    const std::string pointer = fmt::format("/history/{}/version", i);
    if (version < 1 || version >= newest)
      problems.push_back(
          {pointer, fmt::format("version {} in the history of version {}", version, newest)});
    if (!seen.insert(version).second)
      problems.push_back({pointer, fmt::format("version {} is there twice", version)});
  }
}
}  // namespace

KindSpec DraftKind() {
  return {.name = "draft",
          .summary = "A job in development",
          .names = kJobName,
          .fields = Joined({ArtifactFields({"SQLSCRIPT", "CDCYAML"}), DraftFields(),
                            FlinkConfFields(), CommonJobFields()}),
          .not_cloned = {"deploymentDraftId", "namespace", "workspace", "creator", "creatorName",
                         "modifier", "modifierName", "createdAt", "modifiedAt", "lock", "version",
                         "history"},
          .check = CheckVersions};
}

}  // namespace stateferry::state::entities
