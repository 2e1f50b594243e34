#include "state/workflow/at_work.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "state/workflow/run_locks.h"

namespace stateferry::state::workflow {

namespace {
/// A process takes the lock, says which run it is for, and writes the run, in moments; on a busy
/// machine they are long.  So many looks for the first, and for all.
constexpr int kLooks = 10;
constexpr int kLooksForItsRun = 200;
constexpr std::chrono::milliseconds kBetweenLooks{50};
/// Of looks between which somebody took the lock or gave it back.
constexpr int kMostChanges = 100;

struct AtWork {
  std::vector<Run> runs;
  /// The lock is held for a run that is not recorded yet.
  bool one_comes = false;
};

Result<AtWork> RunsAtWork(const FileIo& io, Clock& clock, const std::string& home_dir) {
  SF_TRY(const RunsSeen seen, LookAtRuns(io, clock, home_dir));
  AtWork at_work;
  SF_TRY(at_work.runs, seen.store->List({}));
  const std::string work = seen.lock.holder ? seen.lock.holder->work : "";
  at_work.one_comes = seen.lock.held && !work.empty() &&
                      std::none_of(at_work.runs.begin(), at_work.runs.end(),
                                   [&](const Run& run) { return run.id == work; });
  std::erase_if(at_work.runs, [&](const Run& run) { return !IsAtWork(seen.lock, run); });
  return at_work;
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
  bool one_comes = false;
  for (int look = 0; look < (one_comes ? kLooksForItsRun : kLooks); ++look) {
    if (look > 0) clock.Sleep(kBetweenLooks, {});
    const auto at_work = RunsAtWork(io, clock, home_dir);
    if (!at_work) break;
    for (const Run& run : at_work->runs)
      if (auto free = CheckProjectsFree(source, target, run); !free) return std::move(free).error();
    if (!at_work->runs.empty()) break;
    one_comes = at_work->one_comes;
  }
  return locked;
}

Error WhyUnchangeable(const FileIo& io, Clock& clock, const std::string& home_dir,
                      const Error& locked) {
  const auto at_work = RunsAtWork(io, clock, home_dir);
  if (!at_work || at_work->runs.empty()) return locked;
  const Run& run = at_work->runs.front();
  return Error(ErrorCode::kLocked,
               fmt::format("nothing can be changed while {} is at work from '{}' to '{}'", run.id,
                           run.source, run.target))
      .WithHint("wait until it ends: stateferry clone watch " + run.id)
      .WithRule("C-17", "locked");
}

}  // namespace stateferry::state::workflow
