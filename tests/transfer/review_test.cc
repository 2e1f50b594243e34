#include "transfer/review.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "tests/transfer/forwarding_journal.h"
#include "tests/transfer/transfer_rig.h"
#include "tests/transfer/watched_backend.h"

namespace stateferry::transfer {
namespace {

using fakes::BackendOp;
using ::testing::HasSubstr;

/// What is at the destination before the first run, and each --if-exists.
class IfExistsTest : public TransferRig {
 protected:
  void ExpectConflictBeforeAnyWrite(const std::string& name) {
    auto report = Run();
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code(), ErrorCode::kConflict);
    EXPECT_THAT(report.error().message(), HasSubstr("out/" + name));
    EXPECT_THAT(report.error().message(), HasSubstr("--if-exists"));
    EXPECT_EQ(target->calls(BackendOp::kStartUpload), 0u);
    EXPECT_EQ(target->calls(BackendOp::kPut), 0u);
    EXPECT_EQ(finalized, 0);
  }
};

TEST_F(IfExistsTest, VerifySkipsIdenticalFiles) {
  PutSource("a", Content(5 * kPart, 1));
  PutSource("b", Content(5 * kPart, 2));
  PutTarget("a", Content(5 * kPart, 1));
  auto report = Run();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->files_skipped, 1u);
  EXPECT_EQ(report->files_moved, 1u);
  EXPECT_EQ(report->files_done, 2u);
  EXPECT_EQ(Target("b"), Content(5 * kPart, 2));
}

TEST_F(IfExistsTest, VerifyStopsAtOtherBytesOfTheSameLength) {
  for (const auto* name : {"a", "b", "c"}) PutSource(name, Content(5 * kPart, 1));
  PutTarget("c", Content(5 * kPart, 2));
  ExpectConflictBeforeAnyWrite("c");
  EXPECT_EQ(Target("c"), Content(5 * kPart, 2));
}

TEST_F(IfExistsTest, VerifyStopsAtAnotherLengthWithoutReading) {
  PutSource("a", Content(5 * kPart, 1));
  PutTarget("a", Content(5 * kPart - 1, 1));
  ExpectConflictBeforeAnyWrite("a");
  EXPECT_EQ(SourceReads(), 0u);
}

TEST_F(IfExistsTest, SkipTakesTheSameLengthForTheSame) {
  PutSource("a", Content(5 * kPart, 1));
  PutTarget("a", Content(5 * kPart, 2));
  options.if_exists = IfExists::kSkip;
  auto report = Run();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->files_skipped, 1u);
  EXPECT_EQ(SourceReads(), 0u);
  EXPECT_EQ(Target("a"), Content(5 * kPart, 2));
}

TEST_F(IfExistsTest, SkipStopsAtAnotherLength) {
  PutSource("a", Content(5 * kPart, 1));
  PutTarget("a", "short");
  options.if_exists = IfExists::kSkip;
  ExpectConflictBeforeAnyWrite("a");
}

TEST_F(IfExistsTest, OverwriteReplaces) {
  PutSource("a", Content(5 * kPart, 1));
  PutTarget("a", "other");
  options.if_exists = IfExists::kOverwrite;
  auto report = Run();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(Target("a"), Content(5 * kPart, 1));
}

TEST_F(IfExistsTest, FailStopsEvenAtIdenticalFiles) {
  PutSource("a", Content(5 * kPart, 1));
  PutTarget("a", Content(5 * kPart, 1));
  options.if_exists = IfExists::kFail;
  ExpectConflictBeforeAnyWrite("a");
}

TEST_F(IfExistsTest, WhatAnEarlierRunCompletedButDidNotJournalIsNoConflict) {
  // The run was killed after the flush and before the journal: the file is there, the plan says
  // that it is pending.
  PutSource("a", Content(5 * kPart, 1));
  target->Fail({.op = BackendOp::kStartUpload,
                .key_contains = "",
                .error = Error(ErrorCode::kIo, "killed")});
  ASSERT_FALSE(Run());
  PutTarget("a", Content(5 * kPart, 1));
  options.if_exists = IfExists::kFail;

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->status, TransferStatus::kCommitted);
}

TEST_F(IfExistsTest, AForeignObjectThatAppearsLateIsNotReplaced) {
  PutSource("a", Content(5 * kPart, 1));
  const FileLister late = [&](const FileVisitor& visit) -> Result<void> { return Lister()(visit); };
  options.workers = 1;
  target->Fail({.op = BackendOp::kComplete,
                .key_contains = "",
                .error = Error(ErrorCode::kConflict, "out/a exists already")});
  auto report = Run(late);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->status, TransferStatus::kFailed);
  ASSERT_EQ(report->failures.size(), 1u);
  EXPECT_EQ(report->failures[0].code, ErrorCode::kConflict);
}

TEST_F(IfExistsTest, ChangedSourceReplacesWhatTheTransferItselfPutThere) {
  PutSource("a", Content(5 * kPart, 1));
  ASSERT_TRUE(Run());
  PutSource("a", Content(6 * kPart, 2));
  auto report = Run();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(Target("a"), Content(6 * kPart, 2));
}

TEST_F(IfExistsTest, AForeignObjectOfTheSameLengthIsNotTakenForOurs) {
  PutSource("a", Content(5 * kPart, 1));
  ASSERT_TRUE(Run());
  PutTarget("a", Content(5 * kPart, 2));

  auto report = Run();

  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), ErrorCode::kConflict);
  EXPECT_EQ(Target("a"), Content(5 * kPart, 2));
  options.if_exists = IfExists::kOverwrite;
  auto overwritten = Run();
  ASSERT_TRUE(overwritten) << overwritten.error().message();
  EXPECT_EQ(Target("a"), Content(5 * kPart, 1));
}

TEST_F(IfExistsTest, AChangedSourceDoesNotReplaceAForeignObject) {
  PutSource("a", Content(5 * kPart, 1));
  ASSERT_TRUE(Run());
  PutTarget("a", Content(6 * kPart, 3));
  PutSource("a", Content(6 * kPart, 2));

  auto report = Run();

  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), ErrorCode::kConflict);
  EXPECT_EQ(Target("a"), Content(6 * kPart, 3));
}

TEST_F(IfExistsTest, AnObjectReplacedByTheSameBytesIsComparedOnce) {
  PutSource("a", Content(5 * kPart, 1));
  ASSERT_TRUE(Run());
  PutTarget("a", Content(5 * kPart, 1));
  auto report = Run();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->files_skipped, 1u);
  const auto reads = SourceReads();
  auto again = Run();
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(again->files_resumed, 1u);
  EXPECT_EQ(SourceReads(), reads);
}

TEST_F(IfExistsTest, FailStopsAtTheSameObjectEachTime) {
  PutSource("a", Content(5 * kPart, 1));
  PutTarget("a", Content(5 * kPart, 1));
  options.if_exists = IfExists::kFail;
  ExpectConflictBeforeAnyWrite("a");
  ExpectConflictBeforeAnyWrite("a");
}

TEST_F(IfExistsTest, WhatWasComparedBeforeAConflictIsNotComparedAgain) {
  for (const auto* name : {"a", "b", "c"}) {
    PutSource(name, Content(5 * kPart, 1));
    PutTarget(name, Content(5 * kPart, *name == 'c' ? 2 : 1));
  }
  options.workers = 1;
  options.commit_bytes = 5 * kPart;
  ExpectConflictBeforeAnyWrite("c");
  EXPECT_EQ(Plan()[0].state, FileState::kDone);
  EXPECT_EQ(Plan()[1].state, FileState::kDone);
}

/// Knows which files and directories were synced, and lets nothing be journaled as done before.
class SyncedFirst final : public IoHooks, public ForwardingJournal {
 public:
  using ForwardingJournal::ForwardingJournal;
  Result<void> Before(IoOp op, std::string_view path) override {
    std::lock_guard lock(mutex_);
    if (op == IoOp::kSync || op == IoOp::kSyncDir) synced_.emplace(path);
    return {};
  }
  Result<void> Commit(const std::string& id, const Batch& batch) override {
    for (const auto& file : batch.files) {
      std::lock_guard lock(mutex_);
      const std::string name = "/out/" + file.task.to_name;
      if (file.state != FileState::kDone) continue;
      for (auto end = name.rfind('/'); end != 0; end = name.rfind('/', end - 1))
        EXPECT_TRUE(Synced(name.substr(0, end))) << name.substr(0, end);
      EXPECT_TRUE(Synced(name)) << name;
      ++done;
    }
    return ForwardingJournal::Commit(id, batch);
  }
  int done = 0;

 private:
  bool Synced(std::string_view end) const {
    return std::any_of(synced_.begin(), synced_.end(),
                       [&](const std::string& path) { return path.ends_with(end); });
  }
  std::mutex mutex_;
  std::set<std::string> synced_;  // guarded by mutex_
};

TEST_F(IfExistsTest, WhatIsSkippedIsDurableBeforeItIsDone) {
  // A run that was killed has renamed it, and nobody has synced the directory since.
  PutSource("dir/a", Content(5 * kPart, 1));
  const std::string out = home.path() + "/out";
  ASSERT_TRUE(FileIo().MakeDirsDurably(out + "/dir"));
  ASSERT_TRUE(FileIo().WriteDurably(out + "/dir/a", AsBytes(Content(5 * kPart, 1))));
  request.to = At(out);
  SyncedFirst synced(*journal);
  places = std::make_unique<storage::Places>(FileIo(&synced), clock, storage::PlacesOptions());
  places->Register(At("mem://source/"), source);
  auto report = RunTransfer(request, Lister(), {}, options, {*places, synced, clock, progress, {}});
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->files_skipped, 1u);
  EXPECT_EQ(synced.done, 1);
}

TEST_F(IfExistsTest, WhatCannotBeMadeDurableIsNotDone) {
  PutSource("a", Content(5 * kPart, 1));
  PutTarget("a", Content(5 * kPart, 1));
  target->Fail({.op = BackendOp::kFlush});
  EXPECT_FALSE(Run());
  EXPECT_EQ(Plan()[0].state, FileState::kPending);
  EXPECT_TRUE(Run());
}

/// The run was stopped half way through; then the object got its name without the journal knowing.
class HalfMovedTest : public IfExistsTest {
 protected:
  void RunHalf(IfExists policy) {
    options.if_exists = policy;
    PutSource("a", Content(20 * kPart, 1));
    options.workers = 1;
    options.max_transfer_bytes = 10 * kPart;
    ASSERT_FALSE(Run());
    options.max_transfer_bytes = 0;
  }
};

class HalfMovedPolicyTest : public HalfMovedTest, public ::testing::WithParamInterface<IfExists> {};

TEST_P(HalfMovedPolicyTest, OnlyPartsWithoutReceiptAreReadAgain) {
  RunHalf(GetParam());
  PutTarget("a", Content(20 * kPart, 1));
  auto report = Run();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->files_skipped, 1u);
  EXPECT_EQ(SourceReads(), 20u);
  EXPECT_EQ(target->calls(BackendOp::kAbort), 1u) << "the upload that nobody needs";
}

INSTANTIATE_TEST_SUITE_P(Policies, HalfMovedPolicyTest,
                         ::testing::Values(IfExists::kVerify, IfExists::kFail,
                                           IfExists::kOverwrite));

TEST_F(HalfMovedTest, OverwriteReplacesAForeignObjectOfTheSameLength) {
  RunHalf(IfExists::kOverwrite);
  PutTarget("a", Content(20 * kPart, 2));
  auto report = Run();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->bytes_resumed, 10 * kPart);
  EXPECT_EQ(Target("a"), Content(20 * kPart, 1));
}

TEST_F(HalfMovedTest, WhatCannotBeComparedIsOverwritten) {
  RunHalf(IfExists::kOverwrite);
  PutTarget("a", Content(20 * kPart, 1));
  source->Fail({.op = BackendOp::kReadRange, .key_contains = ""});
  auto report = Run();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->bytes_resumed, 10 * kPart);
  EXPECT_EQ(Target("a"), Content(20 * kPart, 1));
}

TEST_F(IfExistsTest, WhatTheDestinationKnowsByItsOriginIsNotRead) {
  PutSource("a", Content(5 * kPart, 1));
  PutTarget("a", Content(5 * kPart, 1));
  auto watched = std::make_shared<WatchedBackend>(target);
  MoveBetween(source, watched);
  watched->on.find_by_origin = [&](std::string_view) -> std::optional<storage::ObjectMeta> {
    return target_bucket->Stat("out/a").value();
  };
  auto report = Run();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->files_skipped, 1u);
  EXPECT_EQ(SourceReads(), 0u);
}

}  // namespace
}  // namespace stateferry::transfer
