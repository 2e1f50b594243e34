// A savepoint or checkpoint of a job ("Savepoint" in the vendor's API; a checkpoint is one whose
// origin is RETAINED_CHECKPOINT).
#include "state/entities/all.h"
#include "state/entities/time_text.h"

namespace stateferry::state::entities {

namespace {
/// Which snapshot is the newest is decided by this field (C-23).
void CheckTime(const Entity& snapshot, std::vector<Problem>& problems) {
  if (!IsTimeText(JsonString(snapshot.body, "createdAt").value_or("")))
    problems.push_back(
        {"/createdAt", "'createdAt' must be a time in UTC such as 2026-11-20T23:51:19.123Z"});
}
}  // namespace

KindSpec SnapshotKind() {
  return {.name = "snapshot",
          .summary = "A savepoint or checkpoint of a job",
          .travel = Travel::kSnapshot,
          .names = kServerId,
          .fields = {{.path = "deployment",
                      .required = true,
                      .role = FieldRole::kReference,
                      .refers_to = "deployment"},
                     {.path = "savepointLocation", .required = true, .role = FieldRole::kSnapshot},
                     {.path = "savepointOrigin",
                      .required = true,
                      .choices = {"USER_REQUEST", "STOP_WITH_SAVEPOINT", "RETAINED_CHECKPOINT",
                                  "COPIED"}},
                     {.path = "status", .type = FieldType::kObject, .required = true},
                     {.path = "status/state",
                      .required = true,
                      .choices = {"STARTED", "COMPLETED", "FAILED"}},
                     {.path = "createdAt", .required = true},
                     {.path = "nativeFormat", .type = FieldType::kBoolean},
                     {.path = "stopWithDrainEnabled", .type = FieldType::kBoolean},
                     {.path = "jobId"},
                     {.path = "description"}},
          .not_cloned = {"savepointId", "creator", "jobId"},
          .check = CheckTime};
}

}  // namespace stateferry::state::entities
