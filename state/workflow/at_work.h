#pragma once
// Whether a process is at work on a run.  A run says what came of it so far; that its process was
// killed it cannot say.  The lock of the home names the run that its holder is at work on.

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/file_io.h"
#include "state/workflow/run_store.h"
#include "transfer/home_lock.h"

namespace stateferry::state::workflow {

/// The records and the lock of a home as they were at one moment.
struct RunsSeen {
  std::unique_ptr<RunStore> store;
  LockLook lock;
};

/// Looks at the lock, opens the records for reading, and looks at the lock again, until nobody has
/// taken it or given it back meanwhile.  A home without runs reads as empty.  Errors: of the
/// records.
Result<RunsSeen> LookAtRuns(const FileIo& io, Clock& clock, const std::string& home_dir);

/// False for a run that has ended, and for one whose process has: that one can go on.  `run` and
/// `lock` are of one RunsSeen: a run that was read before can have ended, and its process with it.
bool IsAtWork(const LockLook& lock, const Run& run);

/// What keeps a new run from `source` to `target` from getting the lock of the home: kConflict
/// naming the run when one is at work on one of the projects (C-10, C-11), else `locked`.
Error WhyLocked(const FileIo& io, Clock& clock, const std::string& home_dir,
                const std::string& source, const std::string& target, const Error& locked);

/// What keeps a change of the catalog from getting the lock of the home: kLocked (C-17) naming the
/// clone that is at work, else `locked`.
Error WhyUnchangeable(const FileIo& io, Clock& clock, const std::string& home_dir,
                      const Error& locked);

}  // namespace stateferry::state::workflow
