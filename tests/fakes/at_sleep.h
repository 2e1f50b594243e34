#pragma once

#include <functional>
#include <utility>

#include "base/clock.h"

namespace stateferry::fakes {

/// Lets something happen at the `at`-th sleep; nothing waits.
class AtSleep final : public Clock {
 public:
  AtSleep(int at, std::function<void()> event) : at_(at), event_(std::move(event)) {}
  std::chrono::system_clock::time_point Now() const override { return {}; }
  std::chrono::steady_clock::time_point Steady() const override { return {}; }
  bool Sleep(std::chrono::nanoseconds, std::stop_token) override {
    if (++sleeps_ == at_) event_();
    return true;
  }

 private:
  const int at_;
  int sleeps_ = 0;
  const std::function<void()> event_;
};

}  // namespace stateferry::fakes
