#pragma once

#include <condition_variable>
#include <mutex>

namespace stateferry::storage::managed {

/// A shared mutex in which nobody waits for ever: one that wants it alone stops newcomers
/// (std::shared_mutex may let an unbroken row of readers pass).  For std::shared_lock and
/// std::unique_lock.  Not recursive.
class AccessGate {
 public:
  void lock_shared() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !alone_ && waiting_alone_ == 0; });
    ++shared_;
  }
  void unlock_shared() {
    std::lock_guard lock(mutex_);
    if (--shared_ == 0) changed_.notify_all();
  }
  void lock() {
    std::unique_lock lock(mutex_);
    ++waiting_alone_;
    changed_.wait(lock, [&] { return !alone_ && shared_ == 0; });
    --waiting_alone_;
    alone_ = true;
  }
  void unlock() {
    std::lock_guard lock(mutex_);
    alone_ = false;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int shared_ = 0;         // guarded by mutex_
  int waiting_alone_ = 0;  // guarded by mutex_
  bool alone_ = false;     // guarded by mutex_
};

}  // namespace stateferry::storage::managed
