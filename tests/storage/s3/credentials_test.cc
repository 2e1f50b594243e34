// Caching and refreshing, whatever the source.

#include "storage/s3/credentials.h"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <latch>
#include <thread>

#include "tests/fakes/fake_clock.h"

namespace stateferry::storage::s3 {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

/// Gives "key-1", "key-2"... as long as it is told to.
class ScriptedSource final : public CredentialSource {
 public:
  explicit ScriptedSource(Clock& clock) : clock_(clock) {}

  Result<std::optional<Credentials>> Fetch() override {
    EXPECT_EQ(inside_.fetch_add(1), 0) << "two refreshers at a time";
    if (on_fetch) on_fetch();
    const int number = ++fetches;
    inside_.fetch_sub(1);
    if (fails) return Error(ErrorCode::kUnavailable, "the source is away", Retry::kMayHelp);
    if (is_empty) return std::optional<Credentials>();
    Credentials credentials;
    credentials.access_key_id = "key-" + std::to_string(number);
    credentials.secret_access_key = Secret("s");
    if (life != seconds(0)) credentials.expires = clock_.Now() + life;
    return std::optional<Credentials>(credentials);
  }
  std::string Describe() const override { return "script"; }

  std::atomic<int> fetches = 0;
  std::atomic<bool> fails = false;
  bool is_empty = false;
  seconds life = std::chrono::hours(1);
  std::function<void()> on_fetch;

 private:
  Clock& clock_;
  std::atomic<int> inside_ = 0;
};

struct Fixture {
  fakes::FakeClock clock;
  ScriptedSource* source = nullptr;
  std::unique_ptr<CachedCredentials> cached;

  Fixture() {
    auto made = std::make_unique<ScriptedSource>(clock);
    source = made.get();
    cached = std::make_unique<CachedCredentials>(std::move(made), clock);
  }
  std::string Key() {
    auto got = cached->Get();
    return got ? got->access_key_id : "error: " + got.error().message();
  }
};

TEST(CachedCredentials, AsksOnceWhileTheyAreFresh) {
  Fixture f;
  EXPECT_EQ(f.Key(), "key-1");
  f.clock.Advance(minutes(44));
  EXPECT_EQ(f.Key(), "key-1");
  EXPECT_EQ(f.source->fetches, 1);
}

TEST(CachedCredentials, AreReplacedFifteenMinutesBeforeTheyExpire) {
  Fixture f;
  EXPECT_EQ(f.Key(), "key-1");
  f.clock.Advance(minutes(45) + seconds(1));
  EXPECT_EQ(f.Key(), "key-2");
}

TEST(CachedCredentials, WithoutExpiryAreNeverReplaced) {
  Fixture f;
  f.source->life = seconds(0);
  EXPECT_EQ(f.Key(), "key-1");
  f.clock.Advance(std::chrono::hours(100000));
  EXPECT_EQ(f.Key(), "key-1");
}

TEST(CachedCredentials, ShortLivedOnesAreNotAskedForEachTime) {
  Fixture f;
  f.source->life = minutes(10);
  EXPECT_EQ(f.Key(), "key-1");
  f.clock.Advance(minutes(4));
  EXPECT_EQ(f.Key(), "key-1");
  f.clock.Advance(minutes(2));
  EXPECT_EQ(f.Key(), "key-2");
}

TEST(CachedCredentials, StayInUseWhenTheSourceFails) {
  Fixture f;
  EXPECT_EQ(f.Key(), "key-1");
  f.source->fails = true;
  f.clock.Advance(minutes(55));
  EXPECT_EQ(f.Key(), "key-1");
  EXPECT_EQ(f.source->fetches, 2);
  EXPECT_EQ(f.Key(), "key-1");  // the source is left alone for a while
  EXPECT_EQ(f.source->fetches, 2);
  f.clock.Advance(seconds(31));
  f.source->fails = false;
  EXPECT_EQ(f.Key(), "key-3");
}

TEST(CachedCredentials, AreNotUsedWhenTheyHaveExpired) {
  Fixture f;
  EXPECT_EQ(f.Key(), "key-1");
  f.source->fails = true;
  f.clock.Advance(minutes(60));
  auto got = f.cached->Get();
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(got.error().retry(), Retry::kMayHelp);
  f.source->fails = false;
  EXPECT_EQ(f.Key(), "key-3");
}

TEST(CachedCredentials, ExpiredAnswersAreRefused) {
  Fixture f;
  f.source->life = seconds(-1);
  EXPECT_EQ(f.Key(), "error: script gives credentials that have expired");
}

TEST(CachedCredentials, NoneAtAllNamesWhereOneLooked) {
  Fixture f;
  f.source->is_empty = true;
  auto got = f.cached->Get();
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().code(), ErrorCode::kPermission);
  EXPECT_EQ(got.error().message(), "no credentials; looked at: script");
}

TEST(CachedCredentials, RejectedOnesAreReplacedOnce) {
  Fixture f;
  const auto first = f.cached->Get();
  f.cached->Rejected(*first);
  EXPECT_EQ(f.Key(), "key-2");
  f.cached->Rejected(*first);  // somebody else's late answer
  EXPECT_EQ(f.Key(), "key-2");
  EXPECT_EQ(f.source->fetches, 2);
}

TEST(CachedCredentials, OneRefreshesWhileTheOthersGoOnWithTheOld) {
  Fixture f;
  EXPECT_EQ(f.Key(), "key-1");
  f.clock.Advance(minutes(47));  // ageing, not old
  std::latch fetching(1);
  std::latch go_on(1);
  f.source->on_fetch = [&] {
    fetching.count_down();
    go_on.wait();
  };
  std::jthread refresher([&] { EXPECT_EQ(f.Key(), "key-2"); });
  fetching.wait();
  EXPECT_EQ(f.Key(), "key-1");  // does not wait
  go_on.count_down();
  refresher.join();
  EXPECT_EQ(f.Key(), "key-2");
  EXPECT_EQ(f.source->fetches, 2);
}

TEST(CachedCredentials, AllWaitForOneRefreshWhenTheyAreOld) {
  Fixture f;
  EXPECT_EQ(f.Key(), "key-1");
  f.clock.Advance(minutes(52));
  constexpr int kThreads = 8;
  std::barrier start(kThreads);
  f.source->on_fetch = [] { std::this_thread::sleep_for(std::chrono::milliseconds(20)); };
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      EXPECT_EQ(f.Key(), "key-2");
    });
  }
  threads.clear();
  EXPECT_EQ(f.source->fetches, 2);
}

TEST(CachedCredentials, OneFailureIsEnoughForAllWhoWait) {
  Fixture f;
  f.source->fails = true;
  constexpr int kThreads = 8;
  std::atomic<int> waiting = 0;
  // The first attempt takes until all the others wait for it, or are about to.
  f.source->on_fetch = [&] {
    while (waiting < kThreads) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      ++waiting;
      EXPECT_EQ(f.Key(), "error: the source is away");
    });
  }
  threads.clear();
  EXPECT_LT(f.source->fetches, kThreads);
}

}  // namespace
}  // namespace stateferry::storage::s3
