// Retrying, throttled, metered, read-only.

#include <gtest/gtest.h>

#include <chrono>

#include "storage/memory_backend.h"
#include "storage/wrap/metered.h"
#include "storage/wrap/read_only.h"
#include "storage/wrap/retrying.h"
#include "storage/wrap/throttled.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/faulty_backend.h"

namespace stateferry::storage {
namespace {

using fakes::BackendOp;
using fakes::FakeClock;
using fakes::FaultyBackend;
using std::chrono::milliseconds;
using std::chrono::seconds;

const Error kBusy(ErrorCode::kUnavailable, "503 SlowDown", Retry::kMayHelp);

class WrapTest : public testing::Test {
 protected:
  WrapTest()
      : faulty_(std::make_shared<FaultyBackend>(MakeMemoryBackend(clock_, "test"))),
        counter_(std::make_shared<std::atomic<std::uint64_t>>(0)) {}

  std::shared_ptr<Backend> Retrying(int retries = 10, std::stop_token stop = {}) {
    return WithRetries(faulty_, clock_,
                       {.retries = retries,
                        .first_wait = milliseconds(100),
                        .max_wait = seconds(1),
                        .random = [] { return 0.5; },
                        .stop = stop,
                        .counter = counter_});
  }

  FakeClock clock_;
  std::shared_ptr<FaultyBackend> faulty_;
  std::shared_ptr<std::atomic<std::uint64_t>> counter_;
};

TEST_F(WrapTest, RetriesWhatMayHelpWithGrowingWaits) {
  auto backend = Retrying();
  faulty_->Fail({.op = BackendOp::kPut, .call = 1, .times = 6, .error = kBusy});
  EXPECT_TRUE(backend->Put("k", AsBytes("x"), {}));
  EXPECT_EQ(*counter_, 6u);
  EXPECT_EQ(clock_.sleeps(), (std::vector<std::chrono::nanoseconds>{
                                 milliseconds(50), milliseconds(100), milliseconds(200),
                                 milliseconds(400), milliseconds(500), milliseconds(500)}));
}

TEST_F(WrapTest, WaitsAsLongAsTheServiceAsksForUpToItsOwnLimit) {
  auto backend = Retrying();
  faulty_->Fail(
      {.op = BackendOp::kPut, .call = 1, .error = Error(kBusy).WithRetryAfter(milliseconds(700))});
  faulty_->Fail(
      {.op = BackendOp::kStat, .call = 1, .error = Error(kBusy).WithRetryAfter(seconds(3600))});
  EXPECT_TRUE(backend->Put("k", AsBytes("x"), {}));
  EXPECT_TRUE(backend->Stat("k"));
  EXPECT_EQ(clock_.sleeps(),
            (std::vector<std::chrono::nanoseconds>{milliseconds(700), seconds(1)}));
}

TEST_F(WrapTest, RetriesEveryOperationButFlush) {
  auto backend = Retrying();
  for (int op = 0; op <= static_cast<int>(BackendOp::kFlush); ++op)
    faulty_->Fail({.op = static_cast<BackendOp>(op), .error = kBusy});
  std::byte one;
  EXPECT_TRUE(backend->Put("k", AsBytes("x"), {}));
  EXPECT_TRUE(backend->Stat("k"));
  EXPECT_TRUE(backend->ReadRange("k", 0, {&one, 1}));
  EXPECT_TRUE(backend->List("", [](const ObjectMeta&) -> Result<void> { return {}; }));
  EXPECT_TRUE(backend->Copy("k", "l", {}));
  EXPECT_TRUE(backend->FindByOrigin("o"));
  auto upload = backend->StartUpload("m", {.size_bytes = 1, .part_bytes = 1});
  ASSERT_TRUE(upload);
  EXPECT_TRUE((*upload)->PutPart(0, {&one, 1}));
  EXPECT_TRUE((*upload)->Complete());
  auto second = backend->StartUpload("n", {.size_bytes = 1, .part_bytes = 1});
  EXPECT_TRUE((*second)->Abort());
  EXPECT_TRUE(backend->MakeDurable("k"));
  EXPECT_TRUE(backend->Delete("k"));
  EXPECT_FALSE(backend->Flush());
  EXPECT_EQ(*counter_, 12u);
}

TEST_F(WrapTest, GivesUpAndSaysSo) {
  auto backend = Retrying(3);
  faulty_->Fail({.op = BackendOp::kStat, .call = 1, .times = 4, .error = kBusy});
  auto stat = backend->Stat("k");
  ASSERT_FALSE(stat);
  EXPECT_EQ(stat.error().retry(), Retry::kExhausted);
  EXPECT_EQ(stat.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(faulty_->calls(BackendOp::kStat), 4u);
  EXPECT_NE(stat.error().message().find("3 retries"), std::string::npos) << stat.error().message();
}

TEST_F(WrapTest, DoesNotRepeatWhatCannotHelp) {
  auto backend = Retrying();
  EXPECT_EQ(backend->Stat("absent").error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(faulty_->calls(BackendOp::kStat), 1u);
  EXPECT_TRUE(clock_.sleeps().empty());
}

TEST_F(WrapTest, AStopEndsTheWaiting) {
  std::stop_source stop;
  auto backend = Retrying(10, stop.get_token());
  stop.request_stop();
  faulty_->Fail({.op = BackendOp::kStat, .error = kBusy});
  EXPECT_EQ(backend->Stat("k").error().code(), ErrorCode::kCancelled);
}

/// A listing that breaks off after two objects, twice.
class BreakingListing final : public Backend {
 public:
  explicit BreakingListing(std::shared_ptr<Backend> inner) : inner_(std::move(inner)) {}
  Capabilities capabilities() const override { return {}; }
  std::string Describe() const override { return "breaking"; }
  Result<ObjectMeta> Stat(std::string_view key) override { return inner_->Stat(key); }
  Result<void> List(std::string_view prefix,
                    const std::function<Result<void>(const ObjectMeta&)>& visit) override {
    int visited = 0;
    return inner_->List(prefix, [&](const ObjectMeta& meta) -> Result<void> {
      if (breaks_ > 0 && visited++ == 2 * (3 - breaks_)) {
        --breaks_;
        return kBusy;
      }
      return visit(meta);
    });
  }
  Result<std::size_t> ReadRange(std::string_view, std::uint64_t, MutableByteSpan) override {
    return kBusy;
  }
  Result<ObjectMeta> Put(std::string_view, ByteSpan, const PutOptions&) override { return kBusy; }
  Result<std::unique_ptr<Upload>> StartUpload(std::string_view, const UploadOptions&) override {
    return kBusy;
  }
  Result<void> Delete(std::string_view) override { return kBusy; }
  Result<void> Flush() override { return kBusy; }

 private:
  std::shared_ptr<Backend> inner_;
  int breaks_ = 2;
};

TEST_F(WrapTest, AListingGoesOnWhereItBroke) {
  std::vector<std::string> keys;
  for (const char* key : {"a", "b", "c", "d", "e", "f"}) {
    ASSERT_TRUE(faulty_->Put(key, AsBytes("x"), {}));
    keys.emplace_back(key);
  }
  auto backend = WithRetries(std::make_shared<BreakingListing>(faulty_), clock_,
                             {.random = [] { return 0.5; }, .stop = {}, .counter = counter_});
  std::vector<std::string> visited;
  auto listed = backend->List("", [&](const ObjectMeta& meta) -> Result<void> {
    visited.push_back(meta.key);
    return {};
  });
  EXPECT_TRUE(listed) << listed.error().message();
  EXPECT_EQ(visited, keys) << "each once";
  EXPECT_EQ(*counter_, 2u);
}

TEST_F(WrapTest, AnErrorOfTheVisitorIsNotRetried) {
  ASSERT_TRUE(faulty_->Put("a", AsBytes("x"), {}));
  int visits = 0;
  auto listed = Retrying()->List("", [&](const ObjectMeta&) -> Result<void> {
    ++visits;
    return kBusy;
  });
  EXPECT_FALSE(listed);
  EXPECT_EQ(visits, 1);
  EXPECT_EQ(faulty_->calls(BackendOp::kList), 1u);
}

TEST_F(WrapTest, ThrottleKeepsTheMeanRateInEachDirection) {
  auto limit = std::make_shared<BandwidthLimit>(clock_, BandwidthTable(1000));
  auto one = WithThrottle(faulty_, limit);
  auto two = WithThrottle(faulty_, limit);
  const auto start = clock_.Steady();
  const std::string text(500, 'x');
  for (int i = 0; i < 10; ++i)
    ASSERT_TRUE((i % 2 ? one : two)->Put("k" + std::to_string(i), AsBytes(text), {}));
  auto upload = one->StartUpload("u", {.size_bytes = 1000, .part_bytes = 500});
  ASSERT_TRUE((*upload)->PutPart(0, AsBytes(text)));
  ASSERT_TRUE((*upload)->PutPart(1, AsBytes(text)));
  const auto written = clock_.Steady() - start;
  EXPECT_GE(written, seconds(6) - milliseconds(100));
  EXPECT_LE(written, seconds(6));
  Bytes out(500);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(one->ReadRange("k" + std::to_string(i), 0, out));
  EXPECT_LE(clock_.Steady() - start - written, seconds(5));
}

TEST_F(WrapTest, ThrottleDoesNotSaveUpWhileIdle) {
  RateLimiter limiter(clock_, BandwidthTable(1000));
  ASSERT_TRUE(limiter.Take(1, {}));
  clock_.Advance(std::chrono::hours(1));
  const auto start = clock_.Steady();
  ASSERT_TRUE(limiter.Take(1100, {}));
  EXPECT_EQ(clock_.Steady() - start, seconds(1));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(limiter.Take(1000, stop.get_token()).error().code(), ErrorCode::kCancelled);
}

TEST_F(WrapTest, ADebtIsPaidAtTheRateThatCountsByThen) {
  const auto minute = [&](std::uint32_t from_now) {
    const std::time_t then =
        std::chrono::system_clock::to_time_t(clock_.Now() + std::chrono::minutes(from_now));
    std::tm here{};
    localtime_r(&then, &here);
    return static_cast<std::uint32_t>((here.tm_wday * 24 + here.tm_hour) * 60 + here.tm_min);
  };
  // 1,000 bytes a second, in a minute 100,000, in two minutes no limit.
  RateLimiter limiter(clock_, BandwidthTable(std::vector<BandwidthTable::Entry>{
                                  {minute(2), 0}, {minute(0), 1000}, {minute(1), 100'000}}));
  const auto start = clock_.Steady();
  ASSERT_TRUE(limiter.Take(60'100 + 1'000'000, {}));
  const auto first = clock_.Steady() - start;
  EXPECT_GE(first, seconds(60 + 9));
  EXPECT_LE(first, seconds(60 + 20));
  ASSERT_TRUE(limiter.Take(1'000'000'000, {}));
  EXPECT_LE(clock_.Steady() - start, seconds(120 + 10));
}

TEST_F(WrapTest, MeterCountsCallsErrorsAndBytes) {
  auto meter = std::make_shared<Meter>();
  auto backend = WithMeter(faulty_, meter);
  Bytes out(10);
  ASSERT_TRUE(backend->Put("k", AsBytes("12345"), {}));
  ASSERT_TRUE(backend->ReadRange("k", 3, out));
  EXPECT_FALSE(backend->ReadRange("absent", 0, out));
  auto upload = backend->StartUpload("u", {.size_bytes = 3, .part_bytes = 3});
  ASSERT_TRUE((*upload)->PutPart(0, AsBytes("abc")));
  EXPECT_FALSE((*upload)->PutPart(1, AsBytes("abc")));
  EXPECT_EQ(meter->written_bytes, 8u);
  EXPECT_EQ(meter->read_bytes, 2u);
  EXPECT_EQ(meter->Calls(MeteredOp::kRead), 2u);
  EXPECT_EQ(meter->Errors(MeteredOp::kRead), 1u);
  EXPECT_EQ(meter->Calls(MeteredOp::kPutPart), 2u);
  EXPECT_EQ(meter->Errors(MeteredOp::kPutPart), 1u);
  EXPECT_EQ(MeteredOpName(MeteredOp::kFlush), "flush");
}

TEST_F(WrapTest, ReadingBackIsRetriedCountedAndSlowedLikeReading) {
  ASSERT_TRUE(faulty_->Put("k", AsBytes("12345"), {}));
  faulty_->Fail({.op = BackendOp::kReadRange, .call = 1, .error = kBusy});
  auto meter = std::make_shared<Meter>();
  auto limit = std::make_shared<BandwidthLimit>(clock_, BandwidthTable(5));
  auto backend = WithMeter(WithThrottle(WithReadOnly(Retrying()), limit), meter);
  const auto start = clock_.Steady();
  Bytes out(5);
  for (int i = 0; i < 11; ++i) EXPECT_EQ(*backend->ReadBack("k", 0, out), 5u);
  EXPECT_GE(clock_.Steady() - start, seconds(9));
  EXPECT_EQ(AsText(out), "12345");
  EXPECT_EQ(*counter_, 1u);
  EXPECT_EQ(meter->read_bytes, 55u);
  EXPECT_EQ(meter->Calls(MeteredOp::kRead), 11u);
}

TEST_F(WrapTest, ReadOnlyRefusesEveryChange) {
  ASSERT_TRUE(faulty_->Put("k", AsBytes("x"), {}));
  auto backend = WithReadOnly(faulty_);
  EXPECT_EQ(backend->Put("k", AsBytes("y"), {}).error().code(), ErrorCode::kRefused);
  EXPECT_EQ(backend->StartUpload("k", {.size_bytes = 1, .part_bytes = 1}).error().code(),
            ErrorCode::kRefused);
  EXPECT_EQ(backend->Copy("k", "l", {}).error().code(), ErrorCode::kRefused);
  EXPECT_EQ(backend->Delete("k").error().code(), ErrorCode::kRefused);
  EXPECT_TRUE(backend->Flush());
  EXPECT_EQ(*ReadAll(*backend, "k", 10), "x");
  EXPECT_EQ(faulty_->calls(BackendOp::kFlush), 0u);
}

}  // namespace
}  // namespace stateferry::storage
