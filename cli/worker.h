#pragma once
// A worker: this program again, in the background, with the lock of the home handed on to it.

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/settings.h"

namespace stateferry::cli {

struct WorkerSpec {
  std::vector<std::string> words;  ///< its command line
  int lock_fd = -1;                ///< of the home's lock, which it inherits
  std::string log_path;            ///< gets what it prints; its directory exists
};

/// Starts it in a session of its own: it goes on when this process, its terminal or its user is
/// gone.  Whatever this process has open in the home must be closed before.  Returns its pid, once
/// it runs.  Errors: kIo, kPermission: then nothing was started.
Result<int> StartWorker(const WorkerSpec& spec, const Environment& environment);

/// In a worker: the descriptor of the lock that it was given.
std::optional<int> InheritedLock(const Environment& environment);

}  // namespace stateferry::cli
