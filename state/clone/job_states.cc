#include "state/clone/job_states.h"

#include <fmt/format.h>

#include "state/clone/engine_version.h"
#include "state/snapshot/each_index.h"
#include "state/snapshot/snapshot.h"

namespace stateferry::state::clone {

namespace {

// Each looks at the files of its snapshot with many threads of its own.
constexpr std::size_t kAtATime = 4;

std::string Text(const Json& body, std::string_view field) {
  return JsonString(body, field).value_or("");
}

std::string StatusText(const Json& body, std::string_view field) {
  const auto status = body.find("status");
  return status == body.end() ? "" : Text(*status, field);
}

/// "2026-11-20T23:51:19.123Z" without its 'Z', so that fewer digits sort before more.
std::string_view SortableTime(const std::string& time) {
  return std::string_view(time).substr(0, time.empty() ? 0 : time.size() - 1);
}

/// Sets the reason when the files are not what the metadata says.
Result<void> Inspect(storage::Places& places, JobState& state, std::stop_token stop) {
  const std::string text = Text(state.snapshot->body, "savepointLocation");
  const auto broken = [&](std::string_view what) {
    state.rule = "C-24";
    if (state.category.empty()) state.category = "state";
    state.reason = fmt::format("its newest snapshot '{}' ({}) is not whole: {}",
                               state.snapshot->key.name, text, what);
    return Result<void>();
  };
  const auto location = storage::ParseLocation(text);
  if (!location) return broken(location.error().message());
  const auto found =
      snapshot::Inspect(places, *location, {.check_exists = true, .map = {}, .stop = stop});
  if (!found) {
    const ErrorCode code = found.error().code();
    if (code == ErrorCode::kCancelled || found.error().retry() != Retry::kNever)
      return found.error().WithContext("looking at " + location->ToString());
    if (code == ErrorCode::kPermission) state.category = "storage_access";
    return broken(found.error().message());
  }
  if (found->kind != snapshot::SnapshotKind::kFlink) return broken("there is no _metadata in it");
  state.size_bytes = found->metadata_bytes;
  for (const auto& file : found->files) {
    // What a relocation mends is no fault.
    if (!file.problem.empty() && !file.repaired)
      return broken(file.location.ToString() + ": " + file.problem);
    state.size_bytes += file.size_bytes;
  }
  return {};
}

}  // namespace

bool IsStreaming(const entities::Entity& deployment) {
  return JsonString(deployment.body, "executionMode") != "BATCH";
}

bool IsNewer(const entities::Entity& one, const entities::Entity& other) {
  const std::string time = Text(one.body, "createdAt"), other_time = Text(other.body, "createdAt");
  if (time != other_time) return SortableTime(time) > SortableTime(other_time);
  return one.key.name > other.key.name;
}

JobHistory::JobHistory(const ProjectContents& contents) {
  for (const auto& job : contents.jobs) {
    const std::string deployment = Text(job.body, "deployment");
    has_run_.insert(deployment);
    const std::string status = StatusText(job.body, "currentJobStatus");
    if (status == "STARTING" || status == "RUNNING" || status == "CANCELLING")
      running_.insert(deployment);
  }
  for (const auto& snapshot : contents.snapshots) {
    const std::string deployment = Text(snapshot.body, "deployment");
    has_run_.insert(deployment);
    if (StatusText(snapshot.body, "state") != "COMPLETED") continue;
    const entities::Entity*& newest = newest_[deployment];
    if (newest == nullptr || IsNewer(snapshot, *newest)) newest = &snapshot;
  }
}

const entities::Entity* JobHistory::Newest(const std::string& deployment) const {
  const auto it = newest_.find(deployment);
  return it == newest_.end() ? nullptr : it->second;
}

JobState ChooseState(const entities::Entity& deployment, const JobHistory& history) {
  if (!IsStreaming(deployment)) return {};
  const std::string& name = deployment.key.name;
  JobState state{.snapshot = history.Newest(name)};
  const std::string engine = Text(deployment.body, "engineVersion");
  if (!CarriesState(engine)) {
    state.rule = "C-14";
    state.category = "incompatible";
    state.reason = fmt::format(
        "its engine '{}' is too old, or unknown: cloning with state needs VVR 6.0.2 (Flink 1.15) "
        "or later",
        engine);
  } else if (state.snapshot == nullptr && history.HasRun(name)) {
    // What has never run has nothing to lose.
    state.rule = "C-24";
    state.category = "state";
    state.reason = "it has run, and has no complete snapshot or checkpoint to clone";
  }
  return state;
}

Result<void> InspectStates(storage::Places& places, const std::vector<JobState*>& states,
                           std::stop_token stop) {
  return snapshot::ForEachIndex(states.size(), kAtATime, stop,
                                [&](std::size_t i) { return Inspect(places, *states[i], stop); });
}

}  // namespace stateferry::state::clone
