#include "transfer/under_way.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/fakes/fake_clock.h"

namespace stateferry::transfer {
namespace {

/// Time goes on by `step` whenever somebody looks.
class SteppingClock final : public Clock {
 public:
  explicit SteppingClock(std::chrono::milliseconds step) : step_(step) {}
  std::chrono::system_clock::time_point Now() const override { return clock_.Now(); }
  std::chrono::steady_clock::time_point Steady() const override {
    clock_.Advance(step_);
    return clock_.Steady();
  }
  bool Sleep(std::chrono::nanoseconds duration, std::stop_token stop) override {
    return clock_.Sleep(duration, stop);
  }

 private:
  const std::chrono::milliseconds step_;
  mutable fakes::FakeClock clock_;
};

constexpr auto kOften = std::chrono::milliseconds(250);

/// Whether a second pass is given beside the first before the processors were looked at `looks`
/// times.
bool GivesASecond(std::chrono::milliseconds step, std::optional<double> idle, int looks) {
  SteppingClock clock(step);
  std::stop_source stop;
  int looked = 0;
  UnderWay under_way(10, clock, [&] {
    if (++looked == looks) stop.request_stop();
    return idle;
  });
  const auto first = under_way.Enter(10, {});
  EXPECT_TRUE(first);
  return under_way.Enter(10, stop.get_token()).has_value();
}

TEST(UnderWay, GrowsWhileProcessorsAreIdle) {
  EXPECT_TRUE(GivesASecond(kOften, 0.5, 100));
  EXPECT_TRUE(GivesASecond(kOften, std::nullopt, 100)) << "where that cannot be told";
}

TEST(UnderWay, OneIdleMomentIsNone) { EXPECT_FALSE(GivesASecond(kOften, 1.0, 2)); }

TEST(UnderWay, StaysWhereItIsWhileTheyAreBusy) { EXPECT_FALSE(GivesASecond(kOften, 0.1, 4)); }

// What was idle while nobody waited says nothing.
TEST(UnderWay, OnlyTheTimeOfWaitingCounts) {
  EXPECT_FALSE(GivesASecond(std::chrono::seconds(1), 1.0, 4));
}

// What keeps the processors busy may be others.
TEST(UnderWay, GrowsForOneWhoHasWaitedLong) {
  EXPECT_TRUE(GivesASecond(std::chrono::milliseconds(400), 0.0, 100));
}

TEST(UnderWay, LetsInWhatFits) {
  SteppingClock clock(kOften);
  std::stop_source stop;
  UnderWay under_way(10, clock, [&] {
    stop.request_stop();
    return 0.0;
  });
  auto first = under_way.Enter(4, {});
  const auto second = under_way.Enter(6, {});
  const auto nothing = under_way.Enter(0, {});
  EXPECT_TRUE(first && second && nothing);
  EXPECT_FALSE(under_way.Enter(1, stop.get_token()));
  first.reset();
  EXPECT_TRUE(under_way.Enter(4, {}));
}

TEST(UnderWay, OneIsAlwaysLetInHoweverLarge) {
  SteppingClock clock(kOften);
  UnderWay under_way(10, clock, [] { return 0.0; });
  EXPECT_TRUE(under_way.Enter(1000, {}));
  EXPECT_TRUE(under_way.Enter(1000, {})) << "the first is gone";
}

TEST(UnderWay, WhoLeavesMakesRoomForOneWhoWaits) {
  SteppingClock clock(kOften);
  std::atomic<bool> waits = false;
  UnderWay under_way(10, clock, [&] {
    waits = true;
    return 0.0;
  });
  auto first = under_way.Enter(10, {});
  std::jthread other([&] { EXPECT_TRUE(under_way.Enter(10, {})); });
  while (!waits) std::this_thread::yield();
  first.reset();
}

// One of those who wait looks at the processors: another one has to when it is stopped or goes in.
void OneLooksAfterTheFirstWaiterIsGone(bool is_stopped) {
  SteppingClock clock(kOften);
  std::atomic<int> looks = 0;
  std::atomic<double> idle = 0.0;
  UnderWay under_way(10, clock, [&] {
    ++looks;
    return idle.load();
  });
  auto held = under_way.Enter(10, {});
  std::atomic<int> in = 0;
  const auto wait = [&](std::stop_token stop) {
    const auto pass = under_way.Enter(10, std::move(stop));
    if (!pass) return;
    ++in;
    while (in < 3) std::this_thread::yield();  // nobody leaves: the others need a look to go in
  };
  std::vector<std::jthread> waiting;
  std::stop_source stop;
  waiting.emplace_back(wait, stop.get_token());
  while (looks == 0) std::this_thread::yield();
  for (int i = 0; i < (is_stopped ? 3 : 2); ++i) waiting.emplace_back(wait, std::stop_token());
  // Long enough for them to wait, before the first one waits again.
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  if (is_stopped)
    stop.request_stop();
  else
    held.reset();
  idle = 1.0;
}

TEST(UnderWay, AnotherOneLooksWhenTheOneWhoDidGoesIn) { OneLooksAfterTheFirstWaiterIsGone(false); }
TEST(UnderWay, AnotherOneLooksWhenTheOneWhoDidIsStopped) {
  OneLooksAfterTheFirstWaiterIsGone(true);
}

TEST(UnderWay, AnyNumberMayBeTheFirst) {
  SteppingClock clock(kOften);
  UnderWay under_way(UINT64_MAX, clock, [] { return 1.0; });
  const auto first = under_way.Enter(std::uint64_t{1} << 62, {});
  EXPECT_TRUE(under_way.Enter(std::uint64_t{1} << 62, {}));
}

}  // namespace
}  // namespace stateferry::transfer
