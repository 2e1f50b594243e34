#include "state/clone/job_states.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "state/clone/engine_version.h"
#include "state/entities/job_run.h"
#include "state/entities/time_text.h"
#include "state/snapshot/each_index.h"
#include "state/snapshot/snapshot.h"

namespace stateferry::state::clone {

namespace {

// Each looks at the files of its snapshot with many threads of its own.
constexpr std::size_t kJobsAtATime = 4;
/// So many older snapshots are looked at: each costs requests to storage, and a job may have
/// thousands.
constexpr std::size_t kMostOlder = 10;

std::string Text(const Json& body, std::string_view field) {
  return JsonString(body, field).value_or("");
}

std::string StatusText(const Json& body, std::string_view field) {
  const auto status = body.find("status");
  return status == body.end() ? "" : Text(*status, field);
}

/// What has no time that can be read is older than everything that has.
auto SortKey(const entities::Entity& snapshot) {
  const std::string time = Text(snapshot.body, "createdAt");
  return std::tuple(entities::TimeOfText(time), entities::FractionOfText(time), snapshot.key.name);
}

bool IsComplete(const entities::Entity& snapshot) {
  return StatusText(snapshot.body, "state") == "COMPLETED";
}

const entities::Entity* FindIn(const std::map<std::string, const entities::Entity*>& snapshots,
                               const std::string& key) {
  const auto it = snapshots.find(key);
  return it == snapshots.end() ? nullptr : it->second;
}

/// What an import of Kubernetes resources has kept; "" when there is none.
std::string InitialSavepointPath(const entities::Entity& deployment) {
  for (const char* spec : {"/kubernetes/spec", "/kubernetes/spec/template/spec"}) {
    const Json::json_pointer path(std::string(spec) + "/job/initialSavepointPath");
    if (deployment.body.contains(path) && deployment.body.at(path).is_string())
      return deployment.body.at(path).get<std::string>();
  }
  return "";
}

/// Sets the snapshot that the job is to begin from, or why that cannot be had; false when it names
/// none.
bool TakeNamed(const entities::Entity& deployment, const JobHistory& history, JobState& state) {
  const auto strategy = deployment.body.find("restoreStrategy");
  const bool has_strategy = strategy != deployment.body.end();
  const std::string kind = has_strategy ? Text(*strategy, "kind") : "";
  const std::string place = InitialSavepointPath(deployment);
  const auto missing = [&](std::string reason) {
    state.rule = "C-24";
    state.category = "state";
    state.reason = std::move(reason);
  };
  if (kind == "FROM_SAVEPOINT") {
    const std::string name = Text(*strategy, "savepointId");
    state.snapshot = history.Named(name);
    if (state.snapshot == nullptr)
      missing(fmt::format("it begins from snapshot '{}', which the project does not hold", name));
    else if (!IsComplete(*state.snapshot))
      missing(fmt::format("it begins from snapshot '{}', which is not completed", name));
  } else if (kind != "NONE" && !place.empty()) {
    state.snapshot = history.At(place);
    if (state.snapshot == nullptr)
      missing(
          fmt::format("it begins from the initialSavepointPath '{}', which is no snapshot of "
                      "the project",
                      place));
  } else {
    return false;
  }
  state.is_named = true;
  return true;
}

/// Sets the reason when the files are not what the metadata says.
Result<void> InspectOne(storage::Places& places, JobState& state, std::stop_token stop) {
  const std::string text = Text(state.snapshot->body, "savepointLocation");
  const auto broken = [&](std::string_view what) {
    state.rule = "C-24";
    state.category = "state";
    state.reason =
        fmt::format("{} '{}' ({}) is not whole: {}",
                    state.is_named ? "the snapshot that it begins from," : "its newest snapshot",
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
    (void)broken(found.error().message());
    // Whether it is whole nobody can say.
    if (code == ErrorCode::kPermission) state.category = "storage_access";
    return {};
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

/// Goes back to the newest one that is whole; when there is none, what is wrong with the newest is
/// the reason.
Result<void> Inspect(storage::Places& places, JobState& state, std::stop_token stop) {
  SF_TRY(InspectOne(places, state, stop));
  const JobState newest = state;
  const std::size_t most = std::min(newest.older.size(), kMostOlder);
  for (std::size_t i = 0; i < most && state.category == "state"; ++i) {
    const entities::Entity* older = newest.older[i];
    state.snapshot = older;
    state.size_bytes = 0;
    state.rule = state.category = state.reason = "";
    SF_TRY(InspectOne(places, state, stop));
    if (state.reason.empty()) state.passed_over = newest.reason;
  }
  if (state.reason.empty() || newest.older.empty() || newest.category != "state") return {};
  const std::string last = state.category == "state" ? "" : "; " + state.reason;
  state = newest;
  const std::string which = most < newest.older.size()
                                ? fmt::format("{} newest of the {}", most, newest.older.size())
                                : std::to_string(most);
  state.reason += fmt::format("; of the {} before it none can be used{}", which, last);
  return {};
}

}  // namespace

bool IsStreaming(const entities::Entity& deployment) {
  return JsonString(deployment.body, "executionMode") != "BATCH";
}

bool IsNewer(const entities::Entity& one, const entities::Entity& other) {
  return SortKey(one) > SortKey(other);
}

JobHistory::JobHistory(const ProjectContents& contents) {
  for (const auto& job : contents.jobs) {
    const std::string deployment = Text(job.body, "deployment");
    has_run_.insert(deployment);
    has_job_.insert(deployment);
    if (entities::HasNotEnded(job)) running_.insert(deployment);
  }
  for (const auto& snapshot : contents.snapshots) {
    const std::string deployment = Text(snapshot.body, "deployment");
    has_run_.insert(deployment);
    by_name_[snapshot.key.name] = &snapshot;
    if (!IsComplete(snapshot)) continue;
    by_location_[Text(snapshot.body, "savepointLocation")] = &snapshot;
    complete_[deployment].push_back(&snapshot);
  }
  for (auto& [deployment, snapshots] : complete_)
    std::sort(snapshots.begin(), snapshots.end(),
              [](const auto* one, const auto* other) { return IsNewer(*one, *other); });
}

const std::vector<const entities::Entity*>& JobHistory::Complete(
    const std::string& deployment) const {
  static const std::vector<const entities::Entity*> kNone;
  const auto it = complete_.find(deployment);
  return it == complete_.end() ? kNone : it->second;
}

const entities::Entity* JobHistory::Named(const std::string& snapshot) const {
  return FindIn(by_name_, snapshot);
}

const entities::Entity* JobHistory::At(const std::string& location) const {
  return FindIn(by_location_, location);
}

JobState ChooseState(const entities::Entity& deployment, const JobHistory& history) {
  if (!IsStreaming(deployment)) return {};
  const std::string& name = deployment.key.name;
  JobState state;
  const bool is_named = !history.HasJob(name) && TakeNamed(deployment, history, state);
  if (const auto& complete = history.Complete(name); !is_named && !complete.empty()) {
    state.snapshot = complete.front();
    state.older.assign(complete.begin() + 1, complete.end());
  }
  const std::string engine = Text(deployment.body, "engineVersion");
  if (!CarriesState(engine)) {
    state.rule = "C-14";
    state.category = "incompatible";
    state.reason = fmt::format(
        "its engine '{}' is too old, or unknown: cloning with state needs VVR 6.0.2 (Flink 1.15) "
        "or later",
        engine);
  } else if (!is_named && state.snapshot == nullptr && history.HasRun(name)) {
    // What has never run has nothing to lose.
    state.rule = "C-24";
    state.category = "state";
    state.reason = "it has run, and has no complete snapshot or checkpoint to clone";
  }
  return state;
}

Result<void> InspectStates(storage::Places& places, const std::vector<JobState*>& states,
                           std::stop_token stop) {
  return snapshot::ForEachIndex(states.size(), kJobsAtATime, stop,
                                [&](std::size_t i) { return Inspect(places, *states[i], stop); });
}

}  // namespace stateferry::state::clone
