#pragma once

#include <mutex>
#include <set>
#include <string>

#include "base/file_io.h"

namespace stateferry::fakes {

/// Keeps the paths of the directories that were synced.
class SyncedDirs final : public IoHooks {
 public:
  Result<void> Before(IoOp op, std::string_view path) override {
    std::lock_guard lock(mutex_);
    if (op == IoOp::kSyncDir) synced.emplace(path);
    return {};
  }
  std::set<std::string> synced;  ///< while nobody else uses the hooks

 private:
  std::mutex mutex_;
};

}  // namespace stateferry::fakes
