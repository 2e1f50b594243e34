#pragma once
// Process exit codes.  docs/howto/exit-codes.md explains each to users.

#include "base/result.h"

namespace stateferry::cli {

enum class ExitCode : int {
  kOk = 0,
  kFailure = 1,
  kUsage = 2,
  kPartlyDone = 3,
  kRefused = 4,
  kPermission = 5,
  kNotFound = 6,
  kIntegrity = 7,
  kTransient = 8,
  kNothingToDo = 9,
  kStopped = 10,
  kLocked = 11,
  kInterrupted = 130,  ///< SIGINT, left at once
  kTerminated = 143,   ///< SIGTERM
};

/// The code of a command that failed as a whole.
ExitCode ExitCodeOf(const Error& error);

}  // namespace stateferry::cli
