#pragma once
// Runs a shell script as a child process and says what it cost.

#include <cstdint>
#include <map>
#include <stop_token>
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace stateferry::bench {

struct Cost {
  double wall_s = 0;
  double cpu_s = 0;  ///< user and system, of the script and every process it waited for
  std::uint64_t peak_rss_bytes = 0;  ///< of the largest process
  std::uint64_t stored_bytes = 0;    ///< set by the caller: bytes added at the destination
};
Json ToJson(const Cost& cost);

struct Script {
  std::string text;                                   ///< for `sh -e`
  std::map<std::string, std::string> variables = {};  ///< added to this process's environment
  std::string log_path = {};  ///< gets its output; on failure the error quotes its end
};

/// Errors: kInternal naming the exit status and quoting the end of the output; kCancelled (the
/// script's process group was asked to end); kIo when no process could be started.
Result<Cost> RunMeasured(const Script& script, std::stop_token stop);

}  // namespace stateferry::bench
