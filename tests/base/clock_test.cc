#include "base/clock.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"

namespace stateferry {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::system_clock;

TEST(FormatTime, IsRfc3339InUtcWithMilliseconds) {
  EXPECT_EQ(FormatTime(system_clock::time_point()), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(FormatTime(system_clock::time_point(milliseconds(1795305079123))),
            "2026-11-21T23:51:19.123Z");
  EXPECT_EQ(FormatTime(system_clock::time_point(seconds(1709164800))), "2024-02-29T00:00:00.000Z");
  EXPECT_EQ(FormatTime(system_clock::time_point(milliseconds(-1))), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(FormatTime(system_clock::time_point(milliseconds(-1000))), "1969-12-31T23:59:59.000Z");
}

TEST(SystemClock, SleepEndsWhenStopped) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(SystemClock().Sleep(std::chrono::hours(24), stop.get_token()));
  EXPECT_TRUE(SystemClock().Sleep(milliseconds(1), {}));
}

TEST(FakeClock, SleepingTurnsBothTimesAndJumpingOnlyTheWall) {
  fakes::FakeClock clock;
  const auto wall = clock.Now();
  const auto steady = clock.Steady();
  EXPECT_TRUE(clock.Sleep(seconds(5), {}));
  EXPECT_EQ(clock.Now() - wall, seconds(5));
  EXPECT_EQ(clock.Steady() - steady, seconds(5));
  clock.JumpWall(-std::chrono::hours(1));
  EXPECT_EQ(clock.Now() - wall, seconds(5) - std::chrono::hours(1));
  EXPECT_EQ(clock.Steady() - steady, seconds(5));
  EXPECT_EQ(clock.sleeps().size(), 1u);
}

}  // namespace
}  // namespace stateferry
