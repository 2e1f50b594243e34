// A run of a deployment: whether it runs decides what a clone may do with it (C-40, C-41).
#include "state/entities/all.h"
#include "state/entities/job_run.h"

namespace stateferry::state::entities {

KindSpec JobKind() {
  return {.name = "job",
          .summary = "A run of a deployment",
          .travel = Travel::kRunState,
          .names = kServerId,
          .fields = {
              {.path = "deployment",
               .required = true,
               .role = FieldRole::kReference,
               .refers_to = "deployment"},
              {.path = "status", .type = FieldType::kObject, .required = true},
              {.path = "status/currentJobStatus",
               .required = true,
               .choices = {"STARTING", "RUNNING", "CANCELLING", "FAILED", "CANCELLED", "FINISHED"}},
              {.path = "restoreStrategy", .type = FieldType::kObject},
              {.path = "userFlinkConf", .type = FieldType::kObject}}};
}

bool HasNotEnded(const Entity& job) {
  const auto status = job.body.find("status");
  if (job.key.kind != "job" || status == job.body.end()) return false;
  const auto now = JsonString(*status, "currentJobStatus");
  return now == "STARTING" || now == "RUNNING" || now == "CANCELLING";
}

}  // namespace stateferry::state::entities
