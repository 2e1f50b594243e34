// A published job: what runs.  Fields: Ververica 2022-07-18, "Deployment" and "Artifact", with
// names instead of ids where one entity refers to another.
#include "state/entities/all.h"
#include "state/entities/job_fields.h"

namespace stateferry::state::entities {

namespace {
std::vector<Field> DeploymentFields() {
  return {
      {.path = "engineVersion", .required = true},
      {.path = "executionMode", .choices = {"STREAMING", "BATCH"}},
      {.path = "streamingResourceSetting", .type = FieldType::kObject},
      {.path = "streamingResourceSetting/resourceSettingMode", .choices = {"BASIC", "EXPERT"}},
      {.path = "batchResourceSetting", .type = FieldType::kObject},
      {.path = "batchResourceSetting/maxSlot", .type = FieldType::kNumber},
      {.path = "deploymentTarget", .type = FieldType::kObject},
      {.path = "deploymentTarget/mode", .required = true, .choices = {"PER_JOB", "SESSION"}},
      {.path = "deploymentTarget/name",
       .required = true,
       .role = FieldRole::kReference,
       .refers_to = "queue",
       .when = {"deploymentTarget/mode", "PER_JOB"}},
      {.path = "deploymentTarget/name",
       .required = true,
       .role = FieldRole::kReference,
       .refers_to = "session-cluster",
       .when = {"deploymentTarget/mode", "SESSION"}},
      {.path = "referencedDraft", .role = FieldRole::kBackLink, .refers_to = "draft"},
      {.path = "restoreStrategy", .type = FieldType::kObject},
      {.path = "restoreStrategy/kind",
       .required = true,
       .choices = {"NONE", "LATEST_SAVEPOINT", "FROM_SAVEPOINT", "LATEST_STATE"}},
      {.path = "restoreStrategy/savepointId",
       .required = true,
       .role = FieldRole::kBackLink,
       .refers_to = "snapshot",
       .when = {"restoreStrategy/kind", "FROM_SAVEPOINT"}},
      {.path = "restoreStrategy/allowNonRestoredState", .type = FieldType::kBoolean},
      {.path = "restoreStrategy/jobStartTimeInMs",
       .type = FieldType::kInteger,
       .when = {"restoreStrategy/kind", "NONE"}},
  };
}
}  // namespace

KindSpec DeploymentKind() {
  return {.name = "deployment",
          .summary = "A published job",
          .names = kJobName,
          .fields = Joined({ArtifactFields({"SQLSCRIPT", "JAR", "PYTHON", "CDCYAML"}),
                            DeploymentFields(), FlinkConfFields(), CommonJobFields()}),
          .not_cloned = {"deploymentId", "namespace", "workspace", "creator", "creatorName",
                         "modifier", "modifierName", "createdAt", "modifiedAt", "jobSummary",
                         "deploymentHasChanged", "status", "state", "desiredState"}};
}

}  // namespace stateferry::state::entities
