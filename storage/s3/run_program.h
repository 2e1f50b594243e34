#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/s3/secret.h"

namespace stateferry::storage::s3 {

struct RunProgramOptions {
  std::chrono::milliseconds timeout;  ///< then it is killed
  std::uint64_t max_output_bytes;
};

/// Runs a program from PATH, without a shell, with no stdin and our stderr, and gives its stdout.
/// Thread-safe.  Errors: kPermission: it cannot be started or its exit code is not 0; kUnavailable
/// (retry may help): the timeout; kRefused: too much output.  Messages name the program only, for
/// its arguments may be secret.
Result<Secret> RunProgram(const std::vector<std::string>& command,
                          const RunProgramOptions& options);

/// Words of a command line as a POSIX shell splits them, with quotes and backslashes but without
/// any expansion.  Errors: kInvalidArgument: an open quote, or nothing at all.
Result<std::vector<std::string>> SplitCommand(std::string_view line);

}  // namespace stateferry::storage::s3
