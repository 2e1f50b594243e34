#include "state/workflow/run.h"

#include <array>

namespace stateferry::state::workflow {

std::string_view RunStatusName(RunStatus status) {
  static constexpr std::array<std::string_view, 8> kNames{"pending",
                                                          "checking",
                                                          "running",
                                                          "stopping",
                                                          "stopped",
                                                          "completed",
                                                          "completed_with_failures",
                                                          "failed"};
  return kNames.at(static_cast<std::size_t>(status));
}

bool IsTerminal(RunStatus status) { return status >= RunStatus::kStopped; }

std::string_view ItemStatusName(ItemStatus status) {
  static constexpr std::array<std::string_view, 8> kNames{
      "pending",         "copying_state", "creating",   "succeeded", "degraded_stateless",
      "skipped_running", "failed",        "not_started"};
  return kNames.at(static_cast<std::size_t>(status));
}

bool IsTerminal(ItemStatus status) { return status >= ItemStatus::kSucceeded; }

}  // namespace stateferry::state::workflow
