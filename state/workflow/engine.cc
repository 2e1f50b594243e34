#include "state/workflow/engine.h"

#include <fmt/format.h>

#include <atomic>
#include <mutex>
#include <utility>

#include "base/task_group.h"
#include "state/workflow/findings.h"

namespace stateferry::state::workflow {

namespace {

constexpr std::size_t kItemsPerRead = 256;

ItemStatus StatusWhenMade(const Item& item) {
  return item.reason.empty() ? ItemStatus::kSucceeded : ItemStatus::kDegradedStateless;
}

/// The run goes on later, in another process.
bool EndsTheProcess(const Error& error) {
  return error.code() == ErrorCode::kCancelled || InterruptsRun(error);
}

/// What must not be removed stays for good, and is listed (C-19); a run that waited for the right
/// to remove it would have no end.
bool MayBeRemovedLater(const Error& error) {
  return EndsTheProcess(error) && error.code() != ErrorCode::kPermission;
}

class Engine {
 public:
  Engine(Run run, const EngineOptions& options, const EngineEnv& env)
      : run_(std::move(run)),
        options_(options),
        env_(env),
        on_stop_(env.stop, [this] { halt_.request_stop(); }) {}

  Result<Run> Go();

 private:
  /// Why no more items are begun.
  struct Ending {
    RunStatus status;
    std::string error{};
  };

  Result<void> SetRunStatus(RunStatus status, const std::string& error = {});
  Result<void> LookForStop();
  Result<void> RunAll();
  Result<void> RunOne(Item item);
  /// False: the item is over, one way or another.
  Result<bool> Move(Item& item);
  Result<bool> MoveStateOf(Item& item);
  Result<std::string> GiveBack(const Item& item);
  Result<void> GiveUp(Item& item, const Error& error);
  Result<void> Interrupted(Item& item, const Error& error);
  Result<void> LeaveOut(Item& item);
  Result<void> MakeBatch();
  Result<void> Finish();
  /// Sets the status of items, durably, and tells it.
  Result<void> Tell(std::span<Item> items, ItemStatus status);
  Result<void> Tell(Item& item, ItemStatus status) { return Tell(std::span(&item, 1), status); }
  Result<void> TellFailed(Item& item, const Error& error);

  std::mutex mutex_;
  Run run_;  // guarded by mutex_: the thread that looks for a request to stop sets its status too
  const EngineOptions& options_;
  const EngineEnv& env_;
  Totals totals_;            // guarded by mutex_
  std::vector<Item> batch_;  // to be made together
  std::optional<Ending> ending_;
  std::stop_source halt_;  // ends what is in flight
  std::atomic<bool> stopping_ = false;
  std::stop_callback<std::function<void()>> on_stop_;
};

Result<void> Engine::SetRunStatus(RunStatus status, const std::string& error) {
  const std::scoped_lock lock(mutex_);
  Run changed = run_;
  changed.status = status;
  changed.error = error;
  changed.updated = FormatTime(env_.clock.Now());
  if (IsTerminal(status)) changed.ended = changed.updated;
  SF_TRY(env_.store.PutRun(changed));
  run_ = std::move(changed);
  env_.sink.OnRun(run_, totals_);
  return {};
}

Result<void> Engine::LookForStop() {
  if (stopping_ || !env_.stop_requested || !env_.stop_requested()) return {};
  if (stopping_.exchange(true)) return {};
  // What is in flight ends even when this cannot be written.
  auto told = SetRunStatus(RunStatus::kStopping);
  halt_.request_stop();
  return told;
}

Result<void> Engine::Tell(std::span<Item> items, ItemStatus status) {
  if (items.empty()) return {};
  std::vector<ItemStatus> before;
  for (Item& item : items) {
    before.push_back(item.status);
    item.status = status;
  }
  SF_TRY(env_.store.PutStates(run_.id, items));
  const std::scoped_lock lock(mutex_);
  for (std::size_t i = 0; i < items.size(); ++i) {
    --totals_[items[i].from.kind][before[i]];
    ++totals_[items[i].from.kind][status];
  }
  for (const Item& item : items) env_.sink.OnItem(item, totals_);
  return {};
}

Result<void> Engine::TellFailed(Item& item, const Error& error) {
  item.rule = error.rule();
  item.category = CategoryOf(error);
  item.reason = error.message();
  SF_TRY(Tell(item, ItemStatus::kFailed));
  if (options_.on_failure == OnFailure::kStop && !ending_)
    ending_ = Ending{RunStatus::kFailed,
                     fmt::format("{} '{}': {}", item.from.kind, item.from.name, item.reason)};
  return {};
}

/// Makes what is in the batch, in its order.
Result<void> Engine::MakeBatch() {
  std::vector<Item> items = std::exchange(batch_, {});
  if (items.empty()) return {};
  SF_TRY(Tell(items, ItemStatus::kCreating));
  SF_TRY(const auto results, env_.actions.Make(items, options_.on_failure == OnFailure::kStop));
  std::vector<Item> made, degraded;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i >= results.size() || !results[i]) continue;
    (StatusWhenMade(items[i]) == ItemStatus::kSucceeded ? made : degraded).push_back(items[i]);
  }
  SF_TRY(Tell(made, ItemStatus::kSucceeded));
  SF_TRY(Tell(degraded, ItemStatus::kDegradedStateless));
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i >= results.size())
      SF_TRY(Tell(items[i], ItemStatus::kNotStarted));
    else if (!results[i])
      SF_TRY(GiveUp(items[i], results[i].error()));
  }
  return {};
}

/// Of an item that is not made only files stay behind: other items may need them too.  That it
/// brings no state, or has lost it, says nothing about what an earlier step or process has left.
/// Returns what could not be removed and why, to be told with the item; "" when all of it was.
Result<std::string> Engine::GiveBack(const Item& item) {
  std::string left;
  if (auto dropped = env_.actions.DropState(item); !dropped) {
    if (MayBeRemovedLater(dropped.error())) return dropped.error();
    left = "its state could not be removed: " + dropped.error().message();
  }
  if (auto freed = env_.actions.Unreserve(item); !freed) {
    if (MayBeRemovedLater(freed.error())) return freed.error();
    left +=
        (left.empty() ? "" : "; ") + ("its name could not be freed: " + freed.error().message());
  }
  return left;
}

Result<void> Engine::GiveUp(Item& item, const Error& error) {
  SF_TRY(std::string left, GiveBack(item));
  if (!left.empty()) left = "; " + left;
  return TellFailed(
      item, Error(error.code(), error.message() + left).WithRule(error.rule(), CategoryOf(error)));
}

Result<void> Engine::Interrupted(Item& item, const Error& error) {
  // The process ends: the item goes on where it is.
  if (!stopping_ && error.code() == ErrorCode::kCancelled) return error;
  if (!stopping_) return error.WithContext(fmt::format("{} '{}'", item.from.kind, item.from.name));
  ending_ = Ending{RunStatus::kStopped};
  SF_TRY(const std::string left, GiveBack(item));
  item.reason = "stopped while its files were moved; " +
                (left.empty() ? "what had arrived of its state was removed" : left);
  return Tell(item, ItemStatus::kNotStarted);
}

Result<bool> Engine::MoveStateOf(Item& item) {
  const auto moved = env_.actions.MoveState(item, halt_.get_token());
  if (moved) return true;
  if (EndsTheProcess(moved.error())) {
    SF_TRY(Interrupted(item, moved.error()));
    return false;
  }
  if (options_.on_failure != OnFailure::kDropState) {
    SF_TRY(GiveUp(item, moved.error()));
    return false;
  }
  item.rule = moved.error().rule();
  item.category = CategoryOf(moved.error());
  item.reason = moved.error().message();
  if (auto dropped = env_.actions.DropState(item); !dropped) {
    if (MayBeRemovedLater(dropped.error())) return dropped.error();
    item.reason += "; what had arrived could not be removed: " + dropped.error().message();
  }
  env_.actions.MakeStateless(item);
  return true;
}

Result<bool> Engine::Move(Item& item) {
  // An earlier process may have come further than it could tell.
  if (item.status != ItemStatus::kPending) {
    SF_TRY(const bool made, env_.actions.IsMade(item));
    if (made) return true;
  }
  const bool begun_before = std::exchange(item.begun, true);
  SF_TRY(Tell(item, ItemStatus::kCopyingState));
  if (auto reserved = env_.actions.Reserve(item); !reserved) {
    item.begun = begun_before;
    SF_TRY(EndsTheProcess(reserved.error()) ? Interrupted(item, reserved.error())
                                            : TellFailed(item, reserved.error()));
    return false;
  }
  if (const auto moved = env_.actions.MoveFiles(item, halt_.get_token()); !moved) {
    SF_TRY(EndsTheProcess(moved.error()) ? Interrupted(item, moved.error())
                                         : GiveUp(item, moved.error()));
    return false;
  }
  return item.snapshot_from.empty() ? Result<bool>(true) : MoveStateOf(item);
}

/// Its turn does not come any more.
Result<void> Engine::LeaveOut(Item& item) {
  if (IsTerminal(item.status)) return {};
  // An earlier process may have begun it, or come further than it could tell.
  if (item.status != ItemStatus::kPending) {
    SF_TRY(const bool made, env_.actions.IsMade(item));
    if (made) return Tell(item, StatusWhenMade(item));
    SF_TRY(std::string left, GiveBack(item));
    if (!left.empty()) item.reason = std::move(left);
  }
  return Tell(item, ItemStatus::kNotStarted);
}

Result<void> Engine::RunOne(Item item) {
  if (ending_) return LeaveOut(item);
  if (item.status == ItemStatus::kFailed && options_.on_failure == OnFailure::kStop) {
    SF_TRY(MakeBatch());
    if (!ending_)
      ending_ = Ending{RunStatus::kFailed,
                       fmt::format("{} '{}': {}", item.from.kind, item.from.name, item.reason)};
    return {};
  }
  if (IsTerminal(item.status)) return {};
  // It lost its state before, perhaps in an earlier process.
  if (!item.reason.empty()) env_.actions.MakeStateless(item);
  if (MovesBytes(item)) {
    SF_TRY(MakeBatch());
    if (ending_) return RunOne(std::move(item));
    SF_TRY(const bool goes_on, Move(item));
    if (!goes_on) return {};
  }
  batch_.push_back(std::move(item));
  return batch_.size() >= options_.batch_items ? MakeBatch() : Result<void>();
}

Result<void> Engine::RunAll() {
  for (std::uint64_t next = 0;;) {
    SF_TRY(const auto items, env_.store.Items(run_.id, next, kItemsPerRead));
    if (items.empty()) break;
    next = items.back().index + 1;
    for (const Item& item : items) {
      SF_TRY(LookForStop());
      if (stopping_ && !ending_) {
        SF_TRY(MakeBatch());
        ending_ = Ending{RunStatus::kStopped};
      }
      if (env_.stop.stop_requested())
        return Error(ErrorCode::kCancelled, "stopped before all items were made");
      SF_TRY(RunOne(item));
    }
  }
  return MakeBatch();
}

Result<void> Engine::Finish() {
  if (ending_) return SetRunStatus(ending_->status, ending_->error);
  std::uint64_t failed = 0;
  for (const auto& [kind, counts] : totals_)
    if (const auto it = counts.find(ItemStatus::kFailed); it != counts.end()) failed += it->second;
  return SetRunStatus(failed > 0 ? RunStatus::kCompletedWithFailures : RunStatus::kCompleted);
}

Result<Run> Engine::Go() {
  SF_TRY(totals_, env_.store.Count(run_.id));
  SF_TRY(LookForStop());
  if (!stopping_) SF_TRY(SetRunStatus(RunStatus::kRunning));
  {
    TaskGroup watching;
    if (options_.stop_poll.count() > 0)
      watching.Start([this](std::stop_token over) -> Result<void> {
        while (!stopping_ && env_.clock.Sleep(options_.stop_poll, over)) SF_TRY(LookForStop());
        return {};
      });
    SF_TRY(RunAll());
  }
  SF_TRY(Finish());
  return run_;
}

}  // namespace

Result<Run> RunItems(const std::string& id, const EngineOptions& options, const EngineEnv& env) {
  SF_TRY(Run run, GetRun(env.store, id));
  if (IsTerminal(run.status)) return run;
  Engine engine(std::move(run), options, env);
  return engine.Go();
}

}  // namespace stateferry::state::workflow
