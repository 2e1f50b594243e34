// Gc where other machines write.

#include "tests/storage/managed/bucket_gc_fixture.h"

namespace stateferry::storage::managed {
namespace {

/// Puts what may not be there twice, as a retry does whose first answer was lost.
class TwiceBackend final : public ForwardingBackend {
 public:
  using ForwardingBackend::ForwardingBackend;
  Result<ObjectMeta> Put(std::string_view key, ByteSpan bytes, const PutOptions& options) override {
    if (!options.overwrite) (void)inner().Put(key, bytes, options);
    return inner().Put(key, bytes, options);
  }
};

TEST_F(BucketGcTest, ALeaseWhoseAnswerWasLostIsItsOwn) {
  auto shared = SharedInBucket(Place(std::make_shared<TwiceBackend>(bucket_)));
  const auto lease = shared->TakeLease("me", 1h);
  ASSERT_TRUE(lease) << lease.error().message();
  const auto other = shared->TakeLease("me", 1h);
  ASSERT_FALSE(other) << "the same holder, and another gc";
  EXPECT_EQ(other.error().code(), ErrorCode::kLocked);
  ASSERT_TRUE(shared->EndLease(*lease));
  EXPECT_TRUE(shared->TakeLease("me", 1h));
}

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
  CommitKeepAndDrop();
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

}  // namespace
}  // namespace stateferry::storage::managed
