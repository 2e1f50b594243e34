#pragma once
// IoHooks that stop or fail at the k-th change: the loop "for every k: fail at k, look what is
// left" is the cheapest strong test there is.
//
//   FailingIo counting;                             // dry run: how many changes are there?
//   DoIt(FileIo(&counting));
//   for (std::uint64_t k = 1; k <= counting.changes(); ++k) {
//     FailingIo io({.at = k, .mode = FailingIo::Mode::kCrash});
//     (void)DoIt(FileIo(&io));
//     EXPECT_TRUE(io.fired());
//     ... open again with a plain FileIo and look ...
//   }

#include <atomic>
#include <mutex>
#include <set>
#include <string>

#include "base/file_io.h"

namespace stateferry::fakes {

class FailingIo final : public IoHooks {
 public:
  enum class Mode {
    kOnce,    ///< only that operation fails
    kSticky,  ///< that operation and every later one that matches fail (a full disk)
    kCrash,   ///< that operation and every later change of any kind fail (the process is gone)
  };
  struct Plan {
    std::uint64_t at =
        0;  ///< the operation that fails, counted from 1 among those that match; 0: none
    Mode mode = Mode::kOnce;
    /// What counts.  Empty: everything that changes something.  kOpen and kRead must be named.
    std::set<IoOp> ops = {};
    std::string path_contains = {};  ///< empty: every path
    Error error = Error(ErrorCode::kIo, "injected failure");
  };

  /// Only counts.
  FailingIo() = default;
  explicit FailingIo(Plan plan) : plan_(std::move(plan)) {}

  Result<void> Before(IoOp op, std::string_view path) override {
    std::lock_guard lock(mutex_);
    if (crashed_ && Changes(op)) return Failure(path);
    const bool counts = plan_.ops.empty() ? Changes(op) : plan_.ops.contains(op);
    if (!counts || path.find(plan_.path_contains) == std::string_view::npos) return {};
    ++seen_;
    const bool sticks = plan_.mode == Mode::kSticky && plan_.at != 0 && seen_ > plan_.at;
    if (seen_ != plan_.at && !sticks) return {};
    fired_ = true;
    if (plan_.mode == Mode::kCrash) crashed_ = true;
    return Failure(path);
  }

  /// Operations so far that match the plan (without a plan: all changes).
  std::uint64_t changes() const {
    std::lock_guard lock(mutex_);
    return seen_;
  }
  bool fired() const {
    std::lock_guard lock(mutex_);
    return fired_;
  }

 private:
  Result<void> Failure(std::string_view path) const { return Error(plan_.error).WithContext(path); }

  Plan plan_;
  mutable std::mutex mutex_;
  std::uint64_t seen_ = 0;  // guarded by mutex_
  bool fired_ = false;      // guarded by mutex_
  bool crashed_ = false;    // guarded by mutex_
};

}  // namespace stateferry::fakes
