#include "transfer/manage.h"

#include <filesystem>

#include "storage/managed/managed_store.h"
#include "tests/transfer/forwarding_journal.h"
#include "tests/transfer/transfer_rig.h"

namespace stateferry::transfer {
namespace {

using fakes::BackendOp;

class ManageTest : public TransferRig {
 protected:
  void RunHalf() {
    PutSource("a", Content(10 * kPart, 1));
    options.workers = 1;
    options.max_transfer_bytes = 4 * kPart;
    ASSERT_FALSE(Run());
    options.max_transfer_bytes = 0;
  }
};

TEST_F(ManageTest, CancelDropsTheUploadAndThePlan) {
  RunHalf();
  auto record = CancelTransfer(Record().id, *journal, *places, clock);
  ASSERT_TRUE(record) << record.error().message();
  EXPECT_EQ(record->status, TransferStatus::kCancelled);
  EXPECT_EQ(target->calls(BackendOp::kAbort), 1u);
  EXPECT_TRUE(Plan().empty());

  const auto reads = SourceReads();
  auto report = Run();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(SourceReads() - reads, 10u) << "it starts from nothing";
  EXPECT_EQ(Target("a"), Content(10 * kPart, 1));
}

TEST_F(ManageTest, AfterACancelThatWasKilledNoFileCountsAsMoved) {
  class Killed final : public ForwardingJournal {
   public:
    using ForwardingJournal::ForwardingJournal;
    Result<void> BeforeChange() override {
      if (changes_++ < 1) return {};
      return Error(ErrorCode::kIo, "killed");
    }

   private:
    int changes_ = 0;
  };
  PutSource("a", Content(2 * kPart, 1));
  PutSource("b", Content(10 * kPart, 2));
  options.workers = 1;
  options.verify_after_write = false;
  options.max_transfer_bytes = 4 * kPart;
  ASSERT_FALSE(Run());
  options.max_transfer_bytes = 0;
  ASSERT_EQ(Plan()[0].state, FileState::kDone);
  Killed killed(*journal);
  ASSERT_FALSE(CancelTransfer(Record().id, killed, *places, clock));
  ASSERT_TRUE(target_bucket->Delete("out/a"));

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(Target("a"), Content(2 * kPart, 1));
  EXPECT_EQ(Target("b"), Content(10 * kPart, 2));
}

TEST_F(ManageTest, AHalfCancelledTransferOfAnEarlierVersionIsLookedAt) {
  PutSource("a", Content(2 * kPart, 1));
  ASSERT_TRUE(Run());
  auto record = Record();
  record.status = TransferStatus::kCancelled;
  record.plan_complete = record.started = false;
  ASSERT_TRUE(journal->PutTransfer(record));
  ASSERT_TRUE(target_bucket->Delete("out/a"));
  auto report = Run();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(Target("a"), Content(2 * kPart, 1));
}

TEST_F(ManageTest, CancelRefusesWhatIsCommittedOrUnknown) {
  PutSource("a", "x");
  ASSERT_TRUE(Run());
  auto committed = CancelTransfer(Record().id, *journal, *places, clock);
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().code(), ErrorCode::kConflict);
  auto unknown = CancelTransfer("0123456789abcdef", *journal, *places, clock);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code(), ErrorCode::kNotFound);
}

TEST_F(ManageTest, ASourceThatCannotBeListedLeavesNoTransfer) {
  PutSource("a", "x");
  const FileLister broken = [&](const FileVisitor& visit) -> Result<void> {
    SF_TRY(Lister()(visit));
    return Error(ErrorCode::kNotFound, "mem://source/in/b does not exist");
  };
  ASSERT_FALSE(Run(broken));
  EXPECT_TRUE(journal->List()->empty());
  // One that was planned before is still wanted.
  RunHalf();
  ASSERT_FALSE(Run(broken));
  EXPECT_EQ(journal->List()->size(), 1u);
}

TEST_F(ManageTest, PruneRemovesWhatIsOverAndOldEnough) {
  RunHalf();
  auto young = PruneTransfers(std::chrono::hours(1), *journal, *places, clock);
  ASSERT_TRUE(young) << young.error().message();
  EXPECT_EQ(young->removed, 0u);
  clock.Advance(std::chrono::hours(2));
  auto old = PruneTransfers(std::chrono::hours(1), *journal, *places, clock);
  ASSERT_TRUE(old) << old.error().message();
  EXPECT_EQ(old->removed, 1u);
  EXPECT_EQ(old->uploads_aborted, 1u);
  EXPECT_TRUE(journal->List()->empty());
}

TEST_F(ManageTest, PruneRemovesWhatARunThatWasKilledLeft) {
  RunHalf();
  auto record = Record();
  record.status = TransferStatus::kRunning;
  ASSERT_TRUE(journal->PutTransfer(record));
  clock.Advance(std::chrono::hours(2));
  auto pruned = PruneTransfers(std::chrono::hours(1), *journal, *places, clock);
  ASSERT_TRUE(pruned) << pruned.error().message();
  EXPECT_EQ(pruned->removed, 1u);
  EXPECT_EQ(pruned->uploads_aborted, 1u);
}

/// The destination was removed as a whole, with the unfinished upload in it.
class StoreGoneTest : public ManageTest {
 protected:
  void RunHalfAndRemoveTheStore() {
    const std::string dir = home.path() + "/store";
    ASSERT_TRUE(storage::managed::Store::Init(FileIo(), clock, dir));
    request.to = At("managed://" + dir + "/project/out");
    RunHalf();
    ASSERT_NE(Plan()[0].resume_token, "");
    places = std::make_unique<storage::Places>(FileIo(), clock, storage::PlacesOptions());
    std::filesystem::remove_all(dir);
  }
};

TEST_F(StoreGoneTest, NothingIsLeftToBeCancelled) {
  RunHalfAndRemoveTheStore();
  auto record = CancelTransfer(Record().id, *journal, *places, clock);
  ASSERT_TRUE(record) << record.error().message();
  EXPECT_EQ(record->status, TransferStatus::kCancelled);
}

TEST_F(StoreGoneTest, NothingIsLeftToBePruned) {
  RunHalfAndRemoveTheStore();
  clock.Advance(std::chrono::hours(2));
  auto pruned = PruneTransfers(std::chrono::hours(1), *journal, *places, clock);
  ASSERT_TRUE(pruned) << pruned.error().message();
  EXPECT_EQ(pruned->removed, 1u);
  EXPECT_EQ(pruned->kept_unreachable, 0u);
}

TEST_F(ManageTest, AnUploadWhoseFileLeavesThePlanIsDropped) {
  RunHalf();
  ASSERT_TRUE(source_bucket->Delete("in/a"));
  auto report = Run();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(target->calls(BackendOp::kAbort), 1u);
}

TEST_F(ManageTest, AnUploadWhoseFileGetsAnotherLengthIsDropped) {
  RunHalf();
  PutSource("a", Content(12 * kPart, 2));
  auto report = Run();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(target->calls(BackendOp::kAbort), 1u);
  EXPECT_EQ(Target("a"), Content(12 * kPart, 2));
}

TEST_F(ManageTest, AnUploadIsKnownUntilItIsDropped) {
  RunHalf();
  ASSERT_TRUE(source_bucket->Delete("in/a"));
  target->Fail({.op = BackendOp::kAbort, .error = Error(ErrorCode::kUnavailable, "not now")});
  ASSERT_FALSE(Run());
  ASSERT_EQ(Plan().size(), 1u);
  EXPECT_NE(Plan()[0].resume_token, "");
  auto report = Run();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(target->calls(BackendOp::kAbort), 2u);
}

TEST_F(ManageTest, AnUploadThatWasStoppedBeforeItsFirstPartIsKnown) {
  PutSource("a", Content(4 * kPart, 1));
  PutSource("b", Content(4 * kPart, 2));
  options.workers = 1;
  options.max_transfer_bytes = 4 * kPart;
  ASSERT_FALSE(Run());
  ASSERT_EQ(target->calls(BackendOp::kStartUpload), 2u);
  EXPECT_NE(Plan()[1].resume_token, "");
  ASSERT_TRUE(CancelTransfer(Record().id, *journal, *places, clock));
  EXPECT_EQ(target->calls(BackendOp::kAbort), 1u);
}

TEST_F(ManageTest, AnUploadWhoseFirstPartEndsTheRunIsKnown) {
  PutSource("a", Content(4 * kPart, 1));
  options.workers = 1;
  target->Fail({.op = BackendOp::kPutPart, .error = Error(ErrorCode::kNoSpace, "full")});
  ASSERT_FALSE(Run());
  ASSERT_TRUE(CancelTransfer(Record().id, *journal, *places, clock));
  EXPECT_EQ(target->calls(BackendOp::kAbort), 1u);
}

TEST_F(ManageTest, TakingBackLeavesWhatWasThereBefore) {
  PutSource("a", Content(2 * kPart, 1));
  PutSource("b", Content(10 * kPart, 2));
  PutTarget("a", Content(2 * kPart, 1));
  PutTarget("other", "x");
  ASSERT_TRUE(Run());
  PutTarget("_metadata", "m");
  ASSERT_TRUE(TakeBackTransfer(Record().id, {"_metadata"}, *journal, *places, clock));
  EXPECT_FALSE(TargetHas("b"));
  EXPECT_FALSE(TargetHas("_metadata"));
  EXPECT_TRUE(TargetHas("a"));
  EXPECT_TRUE(TargetHas("other"));
  EXPECT_TRUE(Plan().empty());
}

TEST_F(ManageTest, TakingBackHalfATransferDropsItsUpload) {
  RunHalf();
  ASSERT_TRUE(TakeBackTransfer(Record().id, {}, *journal, *places, clock));
  EXPECT_EQ(target->calls(BackendOp::kAbort), 1u);
  ASSERT_TRUE(Run());
  EXPECT_EQ(Target("a"), Content(10 * kPart, 1));
}

TEST_F(ManageTest, RecordsAsJson) {
  PutSource("a", "x");
  ASSERT_TRUE(Run());
  const Json json = ToJson(Record());
  EXPECT_EQ(json["status"], "committed");
  EXPECT_EQ(json["summary"]["filesMoved"], 1);
}

}  // namespace
}  // namespace stateferry::transfer
