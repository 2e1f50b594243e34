#include "state/snapshot/each_index.h"

#include <algorithm>
#include <atomic>

#include "base/task_group.h"

namespace stateferry::state::snapshot {

Result<void> ForEachIndex(std::size_t count, std::size_t threads, std::stop_token stop,
                          const std::function<Result<void>(std::size_t)>& act) {
  std::atomic<std::size_t> next = 0;
  TaskGroup group(std::move(stop));
  for (std::size_t i = 0; i < std::min(count, threads); ++i) {
    group.Start([&](std::stop_token token) -> Result<void> {
      for (std::size_t at = next++; at < count; at = next++) {
        if (token.stop_requested()) return Error(ErrorCode::kCancelled, "stopped on request");
        SF_TRY(act(at));
      }
      return {};
    });
  }
  return group.Wait();
}

}  // namespace stateferry::state::snapshot
