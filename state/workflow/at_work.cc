#include "state/workflow/at_work.h"

#include <fmt/format.h>

#include <chrono>

#include "state/workflow/run_locks.h"
#include "transfer/home_lock.h"

namespace stateferry::state::workflow {

namespace {
/// A process takes the lock a moment before it writes its run.
constexpr int kLooks = 10;
constexpr std::chrono::milliseconds kBetweenLooks{50};
}  // namespace

bool IsAtWork(const FileIo& io, const std::string& home_dir, const Run& run) {
  if (IsTerminal(run.status)) return false;
  const auto since = transfer::HomeLock::HeldSince(io, home_dir);
  // What was written before the lock was taken is of a process that is gone.
  return since && run.updated >= *since;
}

Error WhyLocked(const FileIo& io, Clock& clock, const std::string& home_dir,
                const std::string& source, const std::string& target, const Error& locked) {
  for (int look = 0; look < kLooks; ++look) {
    if (look > 0) clock.Sleep(kBetweenLooks, {});
    const auto store = RunStore::OpenToRead(io, clock, home_dir);
    if (!store) break;
    const auto runs = (*store)->List({});
    if (!runs) break;
    bool somebody = false;
    for (const Run& run : *runs) {
      if (!IsAtWork(io, home_dir, run)) continue;
      somebody = true;
      if (auto free = CheckProjectsFree(source, target, run); !free) return std::move(free).error();
    }
    if (somebody) break;
  }
  return locked;
}

Error WhyUnchangeable(const FileIo& io, Clock& clock, const std::string& home_dir,
                      const Error& locked) {
  const auto store = RunStore::OpenToRead(io, clock, home_dir);
  if (!store) return locked;
  const auto runs = (*store)->List({});
  if (!runs) return locked;
  for (const Run& run : *runs)
    if (IsAtWork(io, home_dir, run))
      return Error(ErrorCode::kLocked,
                   fmt::format("nothing can be changed while {} is at work from '{}' to '{}'",
                               run.id, run.source, run.target))
          .WithHint("wait until it ends: stateferry clone watch " + run.id)
          .WithRule("C-17", "locked");
  return locked;
}

}  // namespace stateferry::state::workflow
