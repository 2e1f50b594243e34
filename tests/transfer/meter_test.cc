#include "transfer/meter.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"

namespace stateferry::transfer {
namespace {

using namespace std::chrono_literals;

struct Kept final : ProgressSink {
  void OnProgress(const Progress& progress) override { last = progress; }
  void OnWarning(std::string_view) override {}
  Progress last;
};

struct MeterTest : testing::Test {
  /// `bytes` more are done after a quarter of a second.
  Progress After(std::uint64_t bytes) {
    clock.Advance(250ms);
    meter.bytes_done += bytes;
    meter.Show();
    return sink.last;
  }

  fakes::FakeClock clock;
  Kept sink;
  Meter meter{"id", clock, sink};
};

TEST_F(MeterTest, AFirstBurstDoesNotMakeTheRate) {
  meter.bytes_total = 1000u << 20;
  meter.Show();
  EXPECT_EQ(After(16u << 20).rate_bytes_per_s, 0);  // 64 MiB/s, which says nothing yet
  for (int i = 0; i < 20; ++i) After(3u << 20);
  EXPECT_NEAR(sink.last.rate_bytes_per_s / (1 << 20), 12, 4);
  for (int i = 0; i < 40; ++i) After(3u << 20);
  EXPECT_NEAR(sink.last.rate_bytes_per_s / (1 << 20), 12, 0.1);
}

TEST_F(MeterTest, LargePartsAtALowRateDoNotMakeItZero) {
  meter.bytes_total = 1000u << 20;
  meter.Show();
  for (int i = 0; i < 120; ++i) {
    After(i % 16 == 15 ? 16u << 20 : 0);  // a part of 16 MiB each 4 s
    if (i > 20) {
      EXPECT_GT(sink.last.rate_bytes_per_s, 1 << 20) << i;
    }
  }
}

TEST_F(MeterTest, TheEtaCountsWhatIsToBeVerified) {
  meter.bytes_total = 40u << 20;
  meter.bytes_to_verify = 40u << 20;
  meter.Show();
  for (int i = 0; i < 40; ++i) After(1u << 20);
  EXPECT_NEAR(sink.last.eta_seconds, 10, 0.5);  // all copied, at 4 MiB/s
  meter.bytes_verified = 40u << 20;
  meter.Show();
  EXPECT_EQ(sink.last.eta_seconds, 0);
}

}  // namespace
}  // namespace stateferry::transfer
