#include "base/task_group.h"

namespace stateferry {

TaskGroup::TaskGroup(std::stop_token parent)
    : parent_link_(std::move(parent), [this] { stop_.request_stop(); }) {}

TaskGroup::~TaskGroup() {
  stop_.request_stop();
  (void)Wait();
}

void TaskGroup::Start(Task task) {
  threads_.emplace_back([this, task = std::move(task)] {
    auto result = task(stop_.get_token());
    if (result) return;
    {
      std::lock_guard lock(mutex_);
      if (!first_error_) first_error_ = result.error();
    }
    stop_.request_stop();
  });
}

Result<void> TaskGroup::Wait() {
  for (auto& thread : threads_)
    if (thread.joinable()) thread.join();
  threads_.clear();
  std::lock_guard lock(mutex_);
  if (first_error_) return *first_error_;
  return {};
}

}  // namespace stateferry
