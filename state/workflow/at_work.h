#pragma once
// Whether a process is at work on a run.  A run says what came of it so far; that its process was
// killed it cannot say.

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/file_io.h"
#include "state/workflow/run_store.h"

namespace stateferry::state::workflow {

/// False for a run that has ended, and for one whose process has: that one can go on.
bool IsAtWork(const FileIo& io, const std::string& home_dir, const Run& run);

/// What keeps a new run from `source` to `target` from getting the lock of the home: kConflict
/// naming the run when one is at work on one of the projects (C-10, C-11), else `locked`.
Error WhyLocked(const FileIo& io, Clock& clock, const std::string& home_dir,
                const std::string& source, const std::string& target, const Error& locked);

/// What keeps a change of the catalog from getting the lock of the home: kLocked (C-17) naming the
/// clone that is at work, else `locked`.
Error WhyUnchangeable(const FileIo& io, Clock& clock, const std::string& home_dir,
                      const Error& locked);

}  // namespace stateferry::state::workflow
