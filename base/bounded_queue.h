#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace stateferry {

/// A queue between stages that holds at most `capacity` items.  Thread-safe.
template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) {}

  /// Waits for room.  False when the queue was closed: the item was not taken.
  bool Push(T item) {
    std::unique_lock lock(mutex_);
    can_push_.wait(lock, [&] { return closed_ || items_.size() < capacity_; });
    if (closed_) return false;
    items_.push_back(std::move(item));
    can_pop_.notify_one();
    return true;
  }

  /// Waits for an item.  Empty once the queue is closed and drained.
  std::optional<T> Pop() {
    std::unique_lock lock(mutex_);
    can_pop_.wait(lock, [&] { return closed_ || !items_.empty(); });
    if (items_.empty()) return std::nullopt;
    T item = std::move(items_.front());
    items_.pop_front();
    can_push_.notify_one();
    return item;
  }

  /// No more pushes; what is inside can still be popped.
  void Close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    can_push_.notify_all();
    can_pop_.notify_all();
  }

 private:
  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable can_push_;
  std::condition_variable can_pop_;
  std::deque<T> items_;  // guarded by mutex_
  bool closed_ = false;  // guarded by mutex_
};

}  // namespace stateferry
