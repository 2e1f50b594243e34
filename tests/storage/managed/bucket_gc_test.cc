// Gc where other machines write.

#include <random>

#include "tests/storage/managed/bucket_fixture.h"

namespace stateferry::storage::managed {
namespace {

using namespace std::chrono_literals;
using Content = std::map<std::string, std::string>;

/// Does something between a machine's requests: before it changes an object whose key has that
/// part.
class InterruptedBackend final : public ForwardingBackend {
 public:
  using ForwardingBackend::ForwardingBackend;
  void Before(std::string part, std::function<void()> act) {
    part_ = std::move(part);
    act_ = std::move(act);
  }
  bool acted() const { return !act_; }

  Result<ObjectMeta> Put(std::string_view key, ByteSpan bytes, const PutOptions& options) override {
    Act(key);
    return inner().Put(key, bytes, options);
  }
  Result<void> Delete(std::string_view key) override {
    Act(key);
    return inner().Delete(key);
  }
  Result<std::unique_ptr<Upload>> StartUpload(std::string_view key,
                                              const UploadOptions& options) override {
    Act(key);
    return inner().StartUpload(key, options);
  }

 private:
  void Act(std::string_view key) {
    if (act_ && key.find(part_) != std::string_view::npos) std::exchange(act_, nullptr)();
  }
  std::string part_;
  std::function<void()> act_;
};

class BucketGcTest : public BucketStoreTest {
 protected:
  static constexpr auto kGrace = 24h;

  GcReport Gc(Store& store, bool dry_run = false) {
    return Must(store.Gc({.dry_run = dry_run, .grace = kGrace}, {}, {}));
  }
  GcReport Gc(const std::string& machine) { return Gc(*Open(machine)); }
  std::uint64_t Count(const std::string& part) const {
    std::uint64_t count = 0;
    for (const auto& [key, etag] : Objects()) count += key.find(part) != std::string::npos;
    return count;
  }
  std::uint64_t Bytes() const {
    std::uint64_t bytes = 0;
    Must(bucket_->List("", [&](const ObjectMeta& meta) -> Result<void> {
      bytes += meta.size_bytes;
      return {};
    }));
    return bytes;
  }
  void Forget(const std::string& machine, const std::string& prefix) {
    Must(Open(machine)->Forget("p", prefix));
  }
  /// Until a gc finds nothing to do.
  void GcUntilDone(const std::string& machine) {
    for (int i = 0; i < 10; ++i) {
      clock_.Advance(kGrace + 1h);
      const auto report = Gc(machine);
      if (report.packs_marked == 0 && report.packs_deleted == 0) return;
    }
    FAIL() << "gc does not come to an end";
  }
  /// What every machine must find, one without any index as well.
  void ExpectEverywhere(const Content& files) {
    const std::string fresh = "fresh" + std::to_string(++fresh_);
    for (const std::string& machine : {std::string("one"), std::string("two"), fresh}) {
      EXPECT_EQ(Files(machine), files) << machine;
      const auto check = Must(Open(machine, ReadOnly())->Check(CheckLevel::kDeep, {}, {}));
      EXPECT_TRUE(check.damages.empty()) << machine << ": " << check.damages.front().what;
    }
  }

  const std::string big_ = RandomText(300'000, 1), other_ = RandomText(300'000, 2);
  int fresh_ = 0;
};

TEST_F(BucketGcTest, WhatNobodyNeedsIsMarkedAndRemovedAGracePeriodLater) {
  Commit(*Open("one"), "keep", big_);
  Commit(*Open("one"), "drop", other_);
  Forget("one", "drop");
  EXPECT_EQ(Gc("one").packs_marked, 0u) << "all packs are younger than the grace period";
  clock_.Advance(25h);
  const auto marked = Gc("one");
  EXPECT_GE(marked.packs_marked, 1u);
  EXPECT_GT(marked.bytes_marked, 300'000u);
  EXPECT_EQ(marked.packs_deleted, 0u);
  clock_.Advance(23h);
  EXPECT_EQ(Gc("one").packs_deleted, 0u) << "the mark is young";
  clock_.Advance(2h);
  const auto freed = Gc("one");
  EXPECT_EQ(freed.packs_deleted, marked.packs_marked);
  EXPECT_EQ(freed.bytes_freed, marked.bytes_marked);
  EXPECT_GT(freed.chunks_freed, 0u);
  EXPECT_EQ(Count("doomed/"), 0u);
  EXPECT_EQ(Count("gc/"), 0u);
  ExpectEverywhere({{"keep", big_}});
  GcUntilDone("two");
  ExpectEverywhere({{"keep", big_}});
  EXPECT_LT(Must(Open("one", ReadOnly())->Info()).pack_bytes, 320'000u);
}

TEST_F(BucketGcTest, SparsePacksAreWrittenAnew) {
  {
    auto store = Open("one");
    auto project = Must(store->Project("p"));
    Must(TryPut(*project, "keep", big_));
    Must(TryPut(*project, "drop", other_ + RandomText(300'000, 3)));
    Must(project->Flush());
  }
  Forget("one", "drop");
  clock_.Advance(25h);
  const auto report = Gc("two");
  EXPECT_EQ(report.packs_rewritten, 2u) << "and that of the deletion, whose record is still there";
  EXPECT_GT(report.bytes_rewritten, 300'000u);
  ExpectEverywhere({{"keep", big_}});
  GcUntilDone("two");
  ExpectEverywhere({{"keep", big_}});
  EXPECT_LT(Must(Open("two", ReadOnly())->Info()).pack_bytes, 400'000u);
}

TEST_F(BucketGcTest, ADryRunChangesNothing) {
  Commit(*Open("one"), "drop", big_);
  Forget("one", "drop");
  clock_.Advance(25h);
  const auto before = Objects();
  const auto dry = Gc(*Open("two", ReadOnly()), true);
  EXPECT_EQ(Objects(), before);
  EXPECT_EQ(dry.packs_marked, Gc("one").packs_marked);
  EXPECT_GE(dry.packs_marked, 1u);
}

TEST_F(BucketGcTest, AShortGracePeriodIsRefused) {
  auto store = Open("one");
  const auto gc = store->Gc({.grace = 59min}, {}, {});
  ASSERT_FALSE(gc);
  EXPECT_EQ(gc.error().code(), ErrorCode::kInvalidArgument);
}

TEST_F(BucketGcTest, AWriterThatHasNotSeenTheMarkCopiesWhatItNeedsOfAMarkedPack) {
  Commit(*Open("one"), "drop", big_);
  auto two = Open("two");  // knows the chunks
  Forget("one", "drop");
  clock_.Advance(25h);
  Gc("one");
  ASSERT_GE(Count("doomed/"), 1u);
  Commit(*two, "new", big_);
  two = nullptr;
  clock_.Advance(25h);
  EXPECT_GE(Gc("one").packs_deleted, 1u);
  ExpectEverywhere({{"new", big_}});
}

TEST_F(BucketGcTest, AWriterThatHasSeenTheMarkStoresAnew) {
  Commit(*Open("one"), "drop", big_);
  Forget("one", "drop");
  clock_.Advance(25h);
  Gc("one");
  auto two = Open("two");
  clock_.Advance(25h);
  EXPECT_GE(Gc("one").packs_deleted, 1u);
  Commit(*two, "new", big_);
  two = nullptr;
  ExpectEverywhere({{"new", big_}});
}

TEST_F(BucketGcTest, WhatACommitUnderWayNeedsOfAMarkedPackIsCopiedBeforeThatGoes) {
  Commit(*Open("one"), "drop", big_);
  const auto backend = std::make_shared<InterruptedBackend>(bucket_);
  auto two = Must(TryOpen("two", {}, backend));
  Forget("one", "drop");
  clock_.Advance(25h);
  backend->Before("packs/", [&] { EXPECT_GE(Gc("one").packs_marked, 1u); });
  Commit(*two, "new", big_);
  ASSERT_TRUE(backend->acted());
  two = nullptr;
  clock_.Advance(25h);
  EXPECT_GE(Gc("one").packs_deleted, 1u);
  ExpectEverywhere({{"new", big_}});
}

TEST_F(BucketGcTest, ACommitThatNeedsARemovedPackFailsAndSucceedsWhenItIsRepeated) {
  Commit(*Open("one"), "drop", big_);
  {
    auto two = Open("two");
    Forget("one", "drop");
    for (int i = 0; i < 2; ++i) {
      clock_.Advance(25h);
      Gc("one");
    }
    auto project = Must(two->Project("p"));
    Must(TryPut(*project, "new", big_));
    const auto flushed = project->Flush();
    ASSERT_FALSE(flushed);
    EXPECT_EQ(flushed.error().code(), ErrorCode::kConflict);
    EXPECT_FALSE(flushed.error().hint().empty());
  }
  ExpectEverywhere({});
  Commit(*Open("two"), "new", big_);
  ExpectEverywhere({{"new", big_}});
}

TEST_F(BucketGcTest, ACommitThatGcOvertookIsNotAcknowledged) {
  Commit(*Open("one"), "drop", big_);
  const auto backend = std::make_shared<InterruptedBackend>(bucket_);
  {
    auto two = Must(TryOpen("two", {}, backend));
    Forget("one", "drop");
    auto project = Must(two->Project("p"));
    Must(TryPut(*project, "new", big_));
    // Stopped for days, after its look at the marks and before its PUT.
    backend->Before("packs/", [&] {
      for (int i = 0; i < 2; ++i) {
        clock_.Advance(25h);
        Gc("one");
      }
    });
    const auto flushed = project->Flush();
    ASSERT_TRUE(backend->acted());
    ASSERT_FALSE(flushed);
    EXPECT_EQ(flushed.error().code(), ErrorCode::kConflict);
  }
  Commit(*Open("two"), "new", big_);
  ExpectEverywhere({{"new", big_}});
}

TEST_F(BucketGcTest, ASlowCommitThatNobodyOvertookSucceeds) {
  const auto backend = std::make_shared<InterruptedBackend>(bucket_);
  auto one = Must(TryOpen("one", {}, backend));
  backend->Before("packs/", [&] { clock_.Advance(50h); });
  Commit(*one, "new", big_);
  EXPECT_TRUE(backend->acted());
  Commit(*one, "more", other_);
  one = nullptr;
  ExpectEverywhere({{"new", big_}, {"more", other_}});
}

TEST_F(BucketGcTest, AnUploadWhoseChunksAGcHasTakenStartsAgain) {
  UploadOptions options{.size_bytes = big_.size(), .part_bytes = 100'000};
  {
    auto two = Open("two");
    auto project = Must(two->Project("p"));
    auto upload = Must(project->StartUpload("new", options));
    Must(upload->PutPart(0, AsBytes(big_).first(100'000)));
    Must(project->Flush());
    options.resume_token = upload->ResumeToken();
  }
  {
    auto two = Open("two");
    EXPECT_TRUE(Must(two->Project("p"))->StartUpload("new", options))
        << "as long as they are there";
  }
  for (int i = 0; i < 2; ++i) {
    clock_.Advance(25h);
    Gc("one");
  }
  auto two = Open("two");
  const auto resumed = Must(two->Project("p"))->StartUpload("new", options);
  ASSERT_FALSE(resumed);
  EXPECT_EQ(resumed.error().code(), ErrorCode::kNotFound);
}

TEST_F(BucketGcTest, AnUploadOfThisMachineKeepsItsChunks) {
  UploadOptions options{.size_bytes = big_.size(), .part_bytes = 100'000};
  {
    auto one = Open("one");
    auto project = Must(one->Project("p"));
    auto upload = Must(project->StartUpload("new", options));
    Must(upload->PutPart(0, AsBytes(big_).first(100'000)));
    Must(project->Flush());
    options.resume_token = upload->ResumeToken();
  }
  for (int i = 0; i < 3; ++i) {
    clock_.Advance(25h);
    Gc("one");
  }
  auto one = Open("one");
  auto project = Must(one->Project("p"));
  auto upload = Must(project->StartUpload("new", options));
  for (std::uint32_t part : {1u, 2u})
    Must(upload->PutPart(part, AsBytes(big_).subspan(part * 100'000, 100'000)));
  Must(upload->Complete());
  Must(project->Flush());
  EXPECT_EQ(Read(*project, "new"), big_);
}

TEST_F(BucketGcTest, DeletionsStayWhileOlderRecordsAreThere) {
  Commit(*Open("one"), "gone", "small");
  {
    // The record that the deletion buries stays for long: it shares a dense pack.
    auto store = Open("one");
    auto project = Must(store->Project("p"));
    Must(TryPut(*project, "gone", "small again"));
    Must(TryPut(*project, "keep", big_));
    Must(project->Flush());
  }
  Forget("two", "gone");
  for (int i = 0; i < 5; ++i) {
    clock_.Advance(25h);
    Gc(i % 2 == 0 ? "one" : "two");
    ExpectEverywhere({{"keep", big_}});
  }
}

TEST_F(BucketGcTest, OneGcAtATime) {
  Commit(*Open("one"), "drop", big_);
  Forget("one", "drop");
  clock_.Advance(25h);
  const auto backend = std::make_shared<InterruptedBackend>(bucket_);
  auto one = Must(TryOpen("one", {}, backend));
  std::optional<Error> refused;
  backend->Before("doomed/", [&] {
    auto gc = Open("two")->Gc({.grace = kGrace}, {}, {});
    if (!gc) refused = gc.error();
  });
  Gc(*one);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code(), ErrorCode::kLocked);
  EXPECT_NE(refused->message().find("process "), std::string::npos) << refused->message();
  EXPECT_NE(refused->hint().find("possible again from 20"), std::string::npos) << refused->hint();
  Gc("two");
}

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

TEST_F(BucketGcTest, SequenceNumbersGoOnAfterWhatHadTheHighestIsGone) {
  for (unsigned i = 0; i < 3; ++i) Commit(*Open("one"), "gone", RandomText(50'000, 10 + i));
  Forget("one", "gone");
  GcUntilDone("one");
  // A machine without an index writes under the name that was deleted.
  Commit(*Open("three"), "gone", other_);
  ExpectEverywhere({{"gone", other_}});
  GcUntilDone("one");
  ExpectEverywhere({{"gone", other_}});
}

TEST_F(BucketGcTest, AMachineThatMissedADeletionAndAllGcsSinceHearsOfIt) {
  Commit(*Open("one"), "gone", other_);
  EXPECT_EQ(Files("two").size(), 1u);
  Forget("one", "gone");
  GcUntilDone("one");
  ExpectEverywhere({});
  GcUntilDone("two");
  ExpectEverywhere({});
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
  {
    auto store = Open("one");
    auto project = Must(store->Project("p"));
    Must(TryPut(*project, "keep", big_));
    Must(TryPut(*project, "drop", other_ + RandomText(300'000, 3)));
    Must(project->Flush());
  }
  auto two = Open("two");
  Forget("one", "drop");
  GcUntilDone("one");
  EXPECT_EQ(Read(*Must(two->Project("p")), "keep"), big_);
}

TEST_F(BucketGcTest, CommitsBetweenCopiesAndMarksFindThemAfterwards) {
  {
    auto store = Open("one");
    auto project = Must(store->Project("p"));
    Must(TryPut(*project, "keep", big_));
    Must(TryPut(*project, "drop", other_ + RandomText(300'000, 3)));
    Must(project->Flush());
  }
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
