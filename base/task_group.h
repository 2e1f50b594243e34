#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/result.h"

namespace stateferry {

/// A group of threads that succeed or fail together: the first error asks the others to stop and is
/// what Wait() returns.  The destructor stops and joins.
class TaskGroup {
 public:
  using Task = std::function<Result<void>(std::stop_token)>;

  /// Stops when `parent` is asked to stop.
  explicit TaskGroup(std::stop_token parent = {});
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  void Start(Task task);
  std::stop_token stop_token() const { return stop_.get_token(); }
  /// Joins all threads.  The first error that a task returned, or success.
  Result<void> Wait();

 private:
  std::stop_source stop_;
  std::stop_callback<std::function<void()>> parent_link_;
  std::mutex mutex_;
  std::optional<Error> first_error_;  // guarded by mutex_
  std::vector<std::jthread> threads_;
};

}  // namespace stateferry
