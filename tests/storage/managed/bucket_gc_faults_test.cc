// Gc of a bucket between the requests of other machines, through crashes, and in random schedules.

#include <random>

#include "tests/storage/managed/bucket_gc_fixture.h"

namespace stateferry::storage::managed {
namespace {

TEST_F(BucketGcTest, TwoCollectorsOfWhichOneWasStoppedForDaysLoseNothing) {
  Content files;
  for (const char* stopped_at : {"packs/", "doomed/"}) {
    SCOPED_TRACE(stopped_at);
    // Each of two packs has a copy of the same chunk: each collector may keep another one.
    const std::string round(1, stopped_at[0]);
    const std::string text = RandomText(300'000, static_cast<unsigned>(stopped_at[0]));
    {
      auto one = Open("one");
      auto two = Open("two");
      Commit(*one, round + "/a", text);
      Commit(*two, round + "/b", text);  // has not heard of the first
    }
    Commit(*Open("one"), round + "/drop", other_);
    Forget("one", round + "/drop");
    files[round + "/a"] = files[round + "/b"] = text;
    clock_.Advance(25h);
    const auto backend = std::make_shared<InterruptedBackend>(bucket_);
    auto one = Must(TryOpen("one", {}, backend));
    backend->Before(stopped_at, [&] {
      for (int i = 0; i < 3; ++i) {
        clock_.Advance(25h);
        Gc("two");
      }
    });
    (void)one->Gc({.grace = kGrace}, {}, {});  // may find out that something is gone
    EXPECT_TRUE(backend->acted());
    one = nullptr;
    ExpectEverywhere(files);
    GcUntilDone("two");
    ExpectEverywhere(files);
  }
}

TEST_F(BucketGcTest, ALowerSequenceNumberOfAWriterDoesNotHideThoseOfOthers) {
  auto two = Open("two");
  for (int i = 0; i < 3; ++i) Commit(*Open("one"), "x", "version " + std::to_string(i));
  Commit(*two, "y", "text");  // with a number that was taken before it heard of the others
  two = nullptr;
  Commit(*Open("two"), "x", "newest");
  ExpectEverywhere({{"x", "newest"}, {"y", "text"}});
}

TEST_F(BucketGcTest, OfTwoThatChangeAKeyAtOnceALateOneDoesNotHideTheOther) {
  Commit(*Open("one"), "drop", big_);
  const auto backend = std::make_shared<InterruptedBackend>(bucket_);
  auto two = Must(TryOpen("two", {}, backend));
  auto project = Must(two->Project("p"));
  Must(TryPut(*project, "x", "of the late one"));
  // After its last look: it has no chunks that are published before that.
  backend->Before("packs/", [&] {
    clock_.Advance(2h);
    auto one = Open("one");
    for (int i = 0; i < 3; ++i) Commit(*one, "x", "version " + std::to_string(i));
  });
  (void)project->Flush();
  EXPECT_TRUE(backend->acted());
  two = nullptr;
  ExpectEverywhere({{"drop", big_}, {"x", "version 2"}});
}

TEST_F(BucketGcTest, ACrashWhilePacksAreLetGoLeavesAnIndexThatCatchesUp) {
  // Pairs of packs with the same chunks.  Of some pairs the index of "three" names the one that
  // goes: that is as the random names fall, for each of the pairs.
  Content files;
  std::map<std::string, std::string> first_half;
  {
    auto two = OpenBlind("two");
    std::vector<std::string> texts;
    auto one = Open("one");
    for (unsigned i = 0; i < 8; ++i) {
      texts.push_back(RandomText(50'000, 50 + i));
      Commit(*one, "a" + std::to_string(i), texts.back());
    }
    first_half = Objects();
    for (unsigned i = 0; i < 8; ++i) {
      Commit(*two, "b" + std::to_string(i), texts[i]);
      files["a" + std::to_string(i)] = files["b" + std::to_string(i)] = texts[i];
    }
  }
  EXPECT_EQ(Files("three"), files);
  for (const auto& [key, etag] : first_half)
    if (key.find("packs/") != std::string::npos) Must(bucket_->Delete(key));
  /// Fails the n-th reading request.
  class Unreliable final : public ForwardingBackend {
   public:
    Unreliable(std::shared_ptr<Backend> inner, int fail_at)
        : ForwardingBackend(std::move(inner)), left_(fail_at) {}
    Result<std::size_t> ReadRange(std::string_view key, std::uint64_t offset,
                                  MutableByteSpan out) override {
      if (--left_ == 0) return Error(ErrorCode::kUnavailable, "the network is gone");
      return inner().ReadRange(key, offset, out);
    }
    bool failed() const { return left_ <= 0; }

   private:
    std::atomic<int> left_;
  };
  const auto copy = Home("copy");
  std::filesystem::copy(Home("three"), copy, std::filesystem::copy_options::recursive);
  int failures = 0;
  for (int fail_at = 1;; ++fail_at) {
    std::filesystem::remove_all(Home("three"));
    std::filesystem::copy(copy, Home("three"), std::filesystem::copy_options::recursive);
    const auto backend = std::make_shared<Unreliable>(bucket_, fail_at);
    if (TryOpen("three", {}, backend) && !backend->failed()) break;
    ++failures;
    EXPECT_EQ(Files("three"), files) << "after request " << fail_at;
    ASSERT_LT(fail_at, 100);
  }
  EXPECT_GT(failures, 2);
}

TEST_F(BucketGcTest, AWriterThatReadsWhatAGcHasMovedMeanwhileFindsIt) {
  CommitKeepAndDrop();
  auto two = Open("two");
  Forget("one", "drop");
  GcUntilDone("one");
  EXPECT_EQ(Read(*Must(two->Project("p")), "keep"), big_);
}

TEST_F(BucketGcTest, CommitsBetweenCopiesAndMarksFindThemAfterwards) {
  CommitKeepAndDrop();
  auto two = Open("two");
  Forget("one", "drop");
  clock_.Advance(25h);
  const auto backend = std::make_shared<InterruptedBackend>(bucket_);
  auto one = Must(TryOpen("one", {}, backend));
  backend->Before("doomed/", [&] { Commit(*two, "between", "text"); });
  Gc(*one);
  ASSERT_TRUE(backend->acted());
  one = nullptr;
  const auto before = Bytes();
  Commit(*two, "after", big_);
  EXPECT_LT(Bytes(), before + 50'000) << "the copies are known";
  two = nullptr;
  GcUntilDone("one");
  ExpectEverywhere({{"keep", big_}, {"between", "text"}, {"after", big_}});
}

TEST_F(BucketGcTest, ACrashAtAnyChangeHarmsNothingAndTheNextGcEndsTheWork) {
  const auto make = [&] {
    Commit(*Open("one"), "keep", big_);
    {
      auto store = Open("one");
      auto project = Must(store->Project("p"));
      Must(TryPut(*project, "kept too", RandomText(50'000, 5)));
      Must(TryPut(*project, "drop", other_));
      Must(project->Flush());
    }
    Forget("one", "drop");
    clock_.Advance(25h);
    Gc("one");
    Commit(*Open("one"), "drop", RandomText(100'000, 6));
    Forget("one", "drop");
    clock_.Advance(25h);
  };
  std::uint64_t calls = 1;
  for (std::uint64_t die_at = 1; die_at <= calls; ++die_at) {
    for (const bool after : {false, true}) {
      for (const auto& [key, etag] : Objects())
        if (key.find("STORE") == std::string::npos) Must(bucket_->Delete(key));
      for (const char* machine : {"one", "two"}) std::filesystem::remove_all(Home(machine));
      make();
      const auto fate = std::make_shared<DyingBackend::Fate>();
      fate->die_at = die_at;
      fate->after = after;
      {
        auto one = Must(TryOpen("one", {}, std::make_shared<DyingBackend>(bucket_, fate)));
        const bool done = static_cast<bool>(one->Gc({.grace = kGrace}, {}, {}));
        if (!fate->dead()) calls = fate->calls;
        if (!done) ++calls;
      }
      const Content files = {{"keep", big_}, {"kept too", RandomText(50'000, 5)}};
      EXPECT_EQ(Files("two"), files);
      GcUntilDone("two");
      ExpectEverywhere(files);
      EXPECT_EQ(Count("doomed/"), 0u);
      EXPECT_EQ(Count("gc/"), 0u);
      EXPECT_LT(Must(Open("one", ReadOnly())->Info()).pack_bytes, 400'000u);
    }
  }
  EXPECT_GT(calls, 6u) << "the workload has too few changes to mean anything";
}

/// Machines put, delete, collect, stop and go on in any order; what a machine was told to be
/// committed is there.
class BucketGcScheduleTest : public BucketGcTest, public ::testing::WithParamInterface<unsigned> {};

TEST_P(BucketGcScheduleTest, NothingThatWasAcknowledgedIsLost) {
  std::mt19937 random(GetParam());
  auto below = [&](unsigned bound) { return static_cast<unsigned>(random() % bound); };
  std::vector<std::string> texts;
  for (unsigned i = 0; i < 6; ++i) texts.push_back(RandomText(20'000 + 30'000 * i, 100 + i));
  const std::vector<std::string> machines = {"one", "two", "three"};
  std::map<std::string, std::unique_ptr<Store>> open;
  Content model;
  for (int step = 0; step < 60; ++step) {
    const std::string machine = machines[below(3)];
    auto& store = open[machine];
    switch (below(6)) {
      case 0: {
        // Its own keys: of one that two change at once either may count.
        const std::string key = machine + "/" + std::to_string(below(4));
        const std::string& text = texts[below(6)];
        if (!store) store = Open(machine);
        auto project = Must(store->Project("p"));
        Must(TryPut(*project, key, text));
        if (project->Flush()) {
          model[key] = text;
        } else {
          store = nullptr;
          Commit(*(store = Open(machine)), key, text);
          model[key] = text;
        }
        break;
      }
      case 1: {
        if (!store) store = Open(machine);
        const std::string key = machine + "/" + std::to_string(below(4));
        auto project = Must(store->Project("p"));
        Must(project->Delete(key));
        Must(project->Flush());
        model.erase(key);
        break;
      }
      case 2: {
        if (!store) store = Open(machine);
        auto gc = store->Gc({.min_live_fraction = 0.2 * below(5), .grace = 1h}, {}, {});
        ASSERT_TRUE(gc) << gc.error().message();
        break;
      }
      case 3: store = nullptr; break;
      case 4: clock_.Advance(std::chrono::minutes(20 * below(6))); break;
      default: clock_.Advance(std::chrono::minutes(below(30))); break;
    }
  }
  open.clear();
  ExpectEverywhere(model);
  GcUntilDone("two");
  EXPECT_EQ(Files("three"), model);
  ExpectEverywhere(model);
}

INSTANTIATE_TEST_SUITE_P(, BucketGcScheduleTest, ::testing::Range(1u, 13u));

}  // namespace
}  // namespace stateferry::storage::managed
