#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <stop_token>
#include <thread>

#include "base/result.h"

namespace stateferry::cli {

/// SIGINT and SIGTERM of the process: the first one asks to stop, the second one leaves at once.
/// While no command that stops cleanly runs, already the first one leaves.  One object per process;
/// SIGPIPE is ignored for good, closed pipes show up as write errors.
///
/// Signal handlers, not a blocked mask: programs that `bench` starts get their defaults back on
/// exec, a mask they would inherit.
class Signals {
 public:
  /// `on_stop(signal)` runs once, in a thread of its own, after the first signal has asked to stop;
  /// `on_leave(signal)` just before the process ends.  Both may hang (a terminal stopped with
  /// Ctrl-S takes no text): nothing waits for the first one before the end of this object, and the
  /// second one gets a fifth of a second.
  struct Callbacks {
    std::function<void(int)> on_stop;
    std::function<void(int)> on_leave;
  };
  static Result<std::unique_ptr<Signals>> Install(Callbacks callbacks);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  void SetStopsCleanly(bool stops_cleanly) { stops_cleanly_ = stops_cleanly; }
  std::stop_token stop_token() const { return stop_.get_token(); }
  /// The first signal that came, 0 for none.
  int first_signal() const { return first_signal_; }

 private:
  explicit Signals(Callbacks callbacks) : callbacks_(std::move(callbacks)) {}
  void Loop();
  [[noreturn]] void Leave(int signal);

  const Callbacks callbacks_;
  std::stop_source stop_;
  std::atomic<bool> stops_cleanly_ = false;
  std::atomic<int> first_signal_ = 0;
  std::jthread thread_;
  std::jthread announcer_;  // runs on_stop
};

}  // namespace stateferry::cli
