#include "state/workflow/at_work.h"

#include <fmt/format.h>

#include <chrono>
#include <vector>

#include "state/workflow/run_locks.h"

namespace stateferry::state::workflow {

namespace {
/// A process takes the lock a moment before it writes its run.
constexpr int kLooks = 10;
constexpr std::chrono::milliseconds kBetweenLooks{50};
/// Of looks between which somebody took the lock or gave it back.
constexpr int kMostChanges = 100;

Result<std::vector<Run>> RunsAtWork(const FileIo& io, Clock& clock, const std::string& home_dir) {
  SF_TRY(const RunsSeen seen, LookAtRuns(io, clock, home_dir));
  SF_TRY(auto runs, seen.store->List({}));
  std::erase_if(runs, [&](const Run& run) { return !IsAtWork(seen.lock, run); });
  return runs;
}
}  // namespace

Result<RunsSeen> LookAtRuns(const FileIo& io, Clock& clock, const std::string& home_dir) {
  LockLook before = transfer::HomeLock::Look(io, home_dir);
  for (int change = 0;; ++change) {
    SF_TRY(auto store, RunStore::OpenToRead(io, clock, home_dir));
    LockLook after = transfer::HomeLock::Look(io, home_dir);
    if (before == after) return RunsSeen{std::move(store), std::move(after)};
    // Nobody can say what was at work: nothing is called interrupted then.
    if (change == kMostChanges) return RunsSeen{std::move(store), {.held = true}};
    before = std::move(after);
  }
}

bool IsAtWork(const LockLook& lock, const Run& run) {
  if (IsTerminal(run.status) || !lock.held) return false;
  return !lock.holder || lock.holder->work == run.id;
}

Error WhyLocked(const FileIo& io, Clock& clock, const std::string& home_dir,
                const std::string& source, const std::string& target, const Error& locked) {
  for (int look = 0; look < kLooks; ++look) {
    if (look > 0) clock.Sleep(kBetweenLooks, {});
    const auto at_work = RunsAtWork(io, clock, home_dir);
    if (!at_work) break;
    for (const Run& run : *at_work)
      if (auto free = CheckProjectsFree(source, target, run); !free) return std::move(free).error();
    if (!at_work->empty()) break;
  }
  return locked;
}

Error WhyUnchangeable(const FileIo& io, Clock& clock, const std::string& home_dir,
                      const Error& locked) {
  const auto at_work = RunsAtWork(io, clock, home_dir);
  if (!at_work || at_work->empty()) return locked;
  const Run& run = at_work->front();
  return Error(ErrorCode::kLocked,
               fmt::format("nothing can be changed while {} is at work from '{}' to '{}'", run.id,
                           run.source, run.target))
      .WithHint("wait until it ends: stateferry clone watch " + run.id)
      .WithRule("C-17", "locked");
}

}  // namespace stateferry::state::workflow
