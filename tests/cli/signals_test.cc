#include "cli/signals.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

namespace stateferry::cli {
namespace {

using namespace std::chrono_literals;

void WaitForStop(const std::stop_token& token) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, token, 10s, [] { return false; });
}

TEST(Signals, TheStopDoesNotWaitForTheAnnouncement) {
  std::promise<void> readable_again;
  auto announced = readable_again.get_future();
  auto signals = Signals::Install({.on_stop = [&](int) { announced.wait(); }, .on_leave = {}});
  ASSERT_TRUE(signals);
  (*signals)->SetStopsCleanly(true);
  raise(SIGTERM);
  WaitForStop((*signals)->stop_token());
  EXPECT_TRUE((*signals)->stop_token().stop_requested());
  EXPECT_EQ((*signals)->first_signal(), SIGTERM);
  readable_again.set_value();
}

TEST(SignalsDeathTest, TheSecondSignalLeavesThoughNothingCanBeWritten) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto hang = [](int) { std::this_thread::sleep_for(1h); };
  EXPECT_EXIT(
      {
        auto signals = Signals::Install({.on_stop = hang, .on_leave = hang});
        (*signals)->SetStopsCleanly(true);
        raise(SIGINT);
        WaitForStop((*signals)->stop_token());
        raise(SIGTERM);
        std::this_thread::sleep_for(10s);
        _exit(1);
      },
      testing::ExitedWithCode(128 + SIGTERM), "");
}

}  // namespace
}  // namespace stateferry::cli
