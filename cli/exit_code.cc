#include "cli/exit_code.h"

namespace stateferry::cli {

ExitCode ExitCodeOf(const Error& error) {
  // Whatever failed, the retries being used up is what the caller can act on: run it again.
  if (error.retry() == Retry::kExhausted) return ExitCode::kTransient;
  switch (error.code()) {
    case ErrorCode::kInvalidArgument: return ExitCode::kUsage;
    case ErrorCode::kRefused: return ExitCode::kRefused;
    case ErrorCode::kPermission: return ExitCode::kPermission;
    case ErrorCode::kNotFound: return ExitCode::kNotFound;
    case ErrorCode::kCorruption: return ExitCode::kIntegrity;
    case ErrorCode::kUnavailable:
    case ErrorCode::kThrottled: return ExitCode::kTransient;
    case ErrorCode::kCancelled: return ExitCode::kStopped;
    case ErrorCode::kLocked:
    case ErrorCode::kConflict: return ExitCode::kLocked;
    case ErrorCode::kNoSpace:
    case ErrorCode::kIo:
    case ErrorCode::kInternal: return ExitCode::kFailure;
  }
  return ExitCode::kFailure;
}

}  // namespace stateferry::cli
