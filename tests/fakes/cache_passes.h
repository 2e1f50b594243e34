#pragma once
// Sees what passes the page cache, and plays file systems that do less of it than was asked for.

#include <fcntl.h>
#include <unistd.h>

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/file_io.h"

namespace stateferry::fakes {

class CachePasses final : public IoHooks {
 public:
  using Sizes = std::vector<std::size_t>;

  Result<void> Before(IoOp, std::string_view) override { return {}; }
  std::optional<std::size_t> PassCache(IoOp op, std::size_t size_bytes) override {
    std::lock_guard lock(mutex_);
    (op == IoOp::kRead ? reads_ : writes_).push_back(size_bytes);
    return allow_ ? allow_(size_bytes) : size_bytes;
  }

  /// What each call may move instead of all.  None: it is refused.
  void Allow(std::function<std::optional<std::size_t>(std::size_t)> allow) {
    std::lock_guard lock(mutex_);
    allow_ = std::move(allow);
  }
  /// The sizes of the calls so far.
  Sizes reads() const {
    std::lock_guard lock(mutex_);
    return reads_;
  }
  Sizes writes() const {
    std::lock_guard lock(mutex_);
    return writes_;
  }

 private:
  mutable std::mutex mutex_;
  std::function<std::optional<std::size_t>(std::size_t)> allow_;  // guarded by mutex_
  Sizes reads_, writes_;                                          // guarded by mutex_
};

/// Whether files in that directory can be opened so at all.
inline bool CanPassCache(const std::string& directory) {
  const std::string path = directory + "/can-pass-cache";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_DIRECT | O_CLOEXEC, 0666);
  if (fd >= 0) ::close(fd);
  ::unlink(path.c_str());
  return fd >= 0;
}

}  // namespace stateferry::fakes
