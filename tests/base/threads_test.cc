// Task group, bounded queue, buffer pool.

#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "base/bounded_queue.h"
#include "base/buffer_pool.h"
#include "base/task_group.h"

namespace stateferry {
namespace {

/// Waits until asked to stop; endless (and so a failed test by its time limit) when never asked.
Result<void> WaitForStop(std::stop_token stop) {
  std::atomic<bool> stopped = false;
  std::stop_callback callback(stop, [&] {
    stopped = true;
    stopped.notify_all();
  });
  stopped.wait(false);
  return {};
}

TEST(TaskGroup, WaitsForAll) {
  std::atomic<int> done = 0;
  TaskGroup group;
  for (int i = 0; i < 8; ++i) {
    group.Start([&](std::stop_token) -> Result<void> {
      ++done;
      return {};
    });
  }
  EXPECT_TRUE(group.Wait());
  EXPECT_EQ(done, 8);
}

TEST(TaskGroup, TheFirstErrorStopsTheOthers) {
  TaskGroup group;
  for (int i = 0; i < 3; ++i) group.Start(WaitForStop);
  group.Start([](std::stop_token) -> Result<void> { return Error(ErrorCode::kNoSpace, "full"); });
  auto outcome = group.Wait();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code(), ErrorCode::kNoSpace);
}

TEST(TaskGroup, ALaterErrorDoesNotReplaceTheFirst) {
  TaskGroup group;
  group.Start([](std::stop_token stop) -> Result<void> {
    SF_TRY(WaitForStop(stop));
    return Error(ErrorCode::kCancelled, "stopped");
  });
  group.Start([](std::stop_token) -> Result<void> { return Error(ErrorCode::kIo, "first"); });
  EXPECT_EQ(group.Wait().error().message(), "first");
}

TEST(TaskGroup, AStopOfTheParentReachesAll) {
  std::stop_source parent;
  TaskGroup group(parent.get_token());
  for (int i = 0; i < 3; ++i) group.Start(WaitForStop);
  parent.request_stop();
  EXPECT_TRUE(group.Wait());
}

TEST(TaskGroup, TheDestructorStopsAndJoins) {
  std::atomic<int> ended = 0;
  {
    TaskGroup group;
    for (int i = 0; i < 3; ++i) {
      group.Start([&](std::stop_token stop) -> Result<void> {
        SF_TRY(WaitForStop(stop));
        ++ended;
        return {};
      });
    }
  }
  EXPECT_EQ(ended, 3);
}

TEST(BoundedQueue, HoldsNoMoreThanItsCapacityAndLosesNothing) {
  BoundedQueue<int> queue(4);
  std::atomic<int> pushed = 0, popped = 0, most = 0;
  std::set<int> seen;
  TaskGroup group;
  group.Start([&](std::stop_token) -> Result<void> {
    for (int i = 0; i < 1000; ++i) {
      if (!queue.Push(i)) return Error(ErrorCode::kInternal, "closed");
      most = std::max(most.load(), ++pushed - popped);
    }
    queue.Close();
    return {};
  });
  while (auto item = queue.Pop()) {
    seen.insert(*item);
    ++popped;
  }
  EXPECT_TRUE(group.Wait());
  EXPECT_EQ(seen.size(), 1000u);
  EXPECT_LE(most, 4 + 1) << "one may be on its way between queue and counter";
}

TEST(BoundedQueue, CloseWakesBothSidesAndKeepsWhatIsInside) {
  BoundedQueue<int> full(1), empty(1);
  ASSERT_TRUE(full.Push(1));
  TaskGroup group;
  group.Start([&](std::stop_token) -> Result<void> {
    if (full.Push(2)) return Error(ErrorCode::kInternal, "was taken");
    return {};
  });
  group.Start([&](std::stop_token) -> Result<void> {
    if (empty.Pop()) return Error(ErrorCode::kInternal, "was there");
    return {};
  });
  full.Close();
  empty.Close();
  auto outcome = group.Wait();
  EXPECT_TRUE(outcome) << outcome.error().message();
  EXPECT_EQ(full.Pop(), 1);
  EXPECT_EQ(full.Pop(), std::nullopt);
  EXPECT_FALSE(full.Push(3));
}

TEST(BufferPool, IsBoundedAndHandsBuffersOutAgain) {
  BufferPool pool(1000, 3500);
  EXPECT_EQ(pool.capacity(), 3u);
  std::vector<BufferPool::Lease> leases;
  for (int i = 0; i < 3; ++i) leases.push_back(*pool.Acquire());
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(pool.Acquire(stop.get_token())) << "a fourth buffer";
  const std::byte* returned = leases.back().bytes().data();
  leases.pop_back();
  auto again = pool.Acquire(stop.get_token());
  // A free buffer is handed out even to one who was asked to stop, or it is not; both are fine.
  if (!again) again = pool.Acquire();
  EXPECT_EQ(again->bytes().data(), returned);
  EXPECT_EQ(again->bytes().size(), 1000u);
}

TEST(BufferPool, WhatIsLargeGetsTheBufferThatWasTouchedFirst) {
  BufferPool pool(1000, 3000);
  std::vector<BufferPool::Lease> leases;
  for (int i = 0; i < 3; ++i) leases.push_back(*pool.Acquire());
  const std::byte* first = leases.front().bytes().data();
  const std::byte* last = leases.back().bytes().data();
  leases.clear();
  const auto small = pool.Acquire({}, 500);
  EXPECT_EQ(small->bytes().data(), last);
  EXPECT_EQ(small->bytes().size(), 1000u);
  EXPECT_EQ(pool.Acquire({}, 501)->bytes().data(), first);
  EXPECT_EQ(pool.Acquire()->bytes().data(), first);
}

TEST(BufferPool, HasAtLeastOneBuffer) {
  BufferPool pool(1000, 10);
  EXPECT_EQ(pool.capacity(), 1u);
  EXPECT_TRUE(pool.Acquire());
}

TEST(BufferPool, StopWakesWhoWaits) {
  BufferPool pool(10, 10);
  auto lease = pool.Acquire();
  std::stop_source source;
  TaskGroup group(source.get_token());
  group.Start([&](std::stop_token stop) -> Result<void> {
    if (pool.Acquire(stop)) return Error(ErrorCode::kInternal, "there was none");
    return {};
  });
  source.request_stop();
  auto outcome = group.Wait();
  EXPECT_TRUE(outcome) << outcome.error().message();
}

TEST(BufferPool, MovedLeasesReturnTheirBufferOnce) {
  BufferPool pool(10, 20);
  auto first = pool.Acquire();
  auto second = pool.Acquire();
  *first = std::move(*second);
  second.reset();
  auto third = pool.Acquire();
  ASSERT_TRUE(third);
  EXPECT_NE(third->bytes().data(), first->bytes().data());
}

}  // namespace
}  // namespace stateferry
