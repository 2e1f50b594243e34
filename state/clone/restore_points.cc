#include "state/clone/restore_points.h"

#include <fmt/format.h>

#include "state/catalog/project_storage.h"
#include "state/clone/file_sizes.h"
#include "state/entities/kinds.h"
#include "state/entities/time_text.h"
#include "state/snapshot/each_index.h"

namespace stateferry::state::clone {

namespace {

/// A job that gets state.
struct Restore {
  workflow::Item* item;
  JobState state;
  std::string name;  ///< of the snapshot at the target
};

std::string AgeText(std::chrono::seconds age) {
  const auto hours = std::chrono::duration_cast<std::chrono::hours>(age);
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(age - hours);
  return hours.count() > 0 ? fmt::format("{} h {} min", hours.count(), minutes.count())
                           : fmt::format("{} min {} s", minutes.count(), age.count() % 60);
}

class RestorePoints {
 public:
  RestorePoints(const RestorePointContext& context, std::vector<workflow::Item>& items)
      : context_(context),
        items_(items),
        history_(context.contents),
        root_(catalog::SnapshotsRoot(context.space.target.root)) {}

  Result<std::vector<ChosenSnapshot>> Run() {
    Choose();
    std::vector<JobState*> looked_at;
    for (Restore& restore : restores_)
      if (restore.state.reason.empty()) looked_at.push_back(&restore.state);
    SF_TRY(InspectStates(context_.env.places, looked_at, context_.env.stop));
    std::erase_if(restores_, [&](const Restore& restore) {
      if (restore.state.reason.empty()) return false;
      Lose(restore);
      return true;
    });
    SF_TRY(GiveNames());
    for (Restore& restore : restores_) Set(restore);
    return std::move(chosen_);
  }

 private:
  void Choose() {
    for (workflow::Item& item : items_) {
      if (item.from.kind != "deployment" || item.status != workflow::ItemStatus::kPending) continue;
      JobState state = ChooseState(*context_.contents.Find(item.from), history_);
      if (state.snapshot != nullptr || !state.reason.empty())
        restores_.push_back({&item, std::move(state), ""});
    }
  }

  /// what follows is said by the strategy for errors.
  void Lose(const Restore& restore) {
    workflow::Item& item = *restore.item;
    item.rule = restore.state.rule;
    item.category = restore.state.category;
    item.reason = restore.state.reason;
    const bool stateless = context_.request.on_error == OnError::kStateless;
    if (!stateless) item.status = workflow::ItemStatus::kFailed;
    context_.findings.Warn(
        item.rule,
        fmt::format("deployment '{}' {}: {}", item.from.name,
                    stateless ? "will be cloned without its state" : "cannot be cloned with state",
                    item.reason),
        "trigger a snapshot first, or clone it without state", item.from);
  }

  /// No two snapshots may share a directory, nor lie in one that somebody left.
  Result<void> GiveNames() {
    for (Restore& restore : restores_) {
      const entities::EntityKey& wish = restore.state.snapshot->key;
      if (context_.giver.Keep(wish)) {
        restore.name = wish.name;
      } else {
        SF_TRY(restore.name, context_.giver.Number(wish));
      }
    }
    std::vector<char> is_free(restores_.size());  // not vector<bool>: written by several threads
    SF_TRY(snapshot::ForEachIndex(restores_.size(), context_.env.places.checkers(),
                                  context_.env.stop, [&](std::size_t i) -> Result<void> {
                                    SF_TRY(const bool free, IsFree(restores_[i].name));
                                    is_free[i] = free ? 1 : 0;
                                    return {};
                                  }));
    for (std::size_t i = 0; i < restores_.size(); ++i) {
      for (bool free = is_free[i] != 0; !free;) {
        SF_TRY(restores_[i].name, context_.giver.Number(restores_[i].state.snapshot->key));
        SF_TRY(free, IsFree(restores_[i].name));
      }
    }
    return {};
  }

  Result<bool> IsFree(const std::string& name) {
    return IsEmpty(context_.env.places, root_.Child(name));
  }

  void Set(Restore& restore) {
    const entities::Entity& snapshot = *restore.state.snapshot;
    workflow::Item& item = *restore.item;
    item.snapshot_from = JsonString(snapshot.body, "savepointLocation").value_or("");
    const storage::Location to = root_.Child(restore.name);
    item.snapshot_to = to.ToUri();
    item.bytes_total += restore.state.size_bytes;
    item.snapshot_record = {{snapshot.key.kind, restore.name}, snapshot.body};
    Json& record = item.snapshot_record.body;
    entities::FindKind(snapshot.key.kind)->DropNotCloned(item.snapshot_record);
    record["deployment"] = item.to.name;
    record["savepointLocation"] = to.ToString();  // Flink takes options for a part of the key
    record["savepointOrigin"] = "COPIED";
    const auto before = context_.contents.Find(item.from)->body.find("restoreStrategy");
    Json strategy{{"kind", "FROM_SAVEPOINT"}, {"savepointId", restore.name}};
    if (before != context_.contents.Find(item.from)->body.end() && before->is_object())
      if (const auto allow = before->find("allowNonRestoredState"); allow != before->end())
        strategy["allowNonRestoredState"] = *allow;
    item.body["restoreStrategy"] = std::move(strategy);
    if (!restore.state.passed_over.empty())
      context_.findings.Warn(
          "C-24",
          fmt::format("deployment '{}' gets an older state, '{}' of {}: {}", item.from.name,
                      snapshot.key.name, JsonString(snapshot.body, "createdAt").value_or(""),
                      restore.state.passed_over),
          "trigger a snapshot first when what was processed since must not be processed again",
          item.from);
    NoteAge(snapshot, item.from, restore.state);
  }

  void NoteAge(const entities::Entity& snapshot, const entities::EntityKey& job,
               const JobState& state) {
    const bool passed_over = !state.passed_over.empty();
    ChosenSnapshot chosen{job,
                          snapshot.key,
                          JsonString(snapshot.body, "createdAt").value_or(""),
                          {},
                          state.size_bytes};
    if (const auto created = entities::TimeOfText(chosen.created))
      chosen.age =
          std::chrono::duration_cast<std::chrono::seconds>(context_.env.clock.Now() - *created);
    // A job that has not run has processed nothing since.
    if (!state.is_named && chosen.age > context_.request.max_snapshot_age)
      context_.findings.Warn(
          "C-25",
          fmt::format("the {} snapshot of deployment '{}', '{}' of {}, is {} old; what the job "
                      "has processed since is processed again",
                      passed_over ? "newest whole" : "newest", job.name, snapshot.key.name,
                      chosen.created, AgeText(chosen.age)),
          "trigger a snapshot before cloning", job);
    chosen_.push_back(std::move(chosen));
  }

  const RestorePointContext& context_;
  std::vector<workflow::Item>& items_;
  const JobHistory history_;
  const storage::Location root_;
  std::vector<Restore> restores_;
  std::vector<ChosenSnapshot> chosen_;
};

}  // namespace

Result<std::vector<ChosenSnapshot>> SetRestorePoints(const RestorePointContext& context,
                                                     std::vector<workflow::Item>& items) {
  return RestorePoints(context, items).Run();
}

}  // namespace stateferry::state::clone
