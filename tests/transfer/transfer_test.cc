#include "transfer/transfer.h"

#include <gmock/gmock.h>

#include <thread>

#include "storage/managed/managed_store.h"
#include "storage/wrap/forwarding.h"
#include "tests/transfer/forwarding_journal.h"
#include "tests/transfer/transfer_rig.h"
#include "tests/transfer/watched_backend.h"

namespace stateferry::transfer {
namespace {

using fakes::BackendOp;
using ::testing::HasSubstr;

class RunTransferTest : public TransferRig {};

TEST_F(RunTransferTest, MovesFilesOfAllSizes) {
  const std::map<std::string, std::string> files{{"empty", ""},
                                                 {"one", "x"},
                                                 {"part", Content(kPart, 1)},
                                                 {"part-and-one", Content(kPart + 1, 2)},
                                                 {"dir/many", Content(25 * kPart + 17, 3)}};
  for (const auto& [name, bytes] : files) PutSource(name, bytes);

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->status, TransferStatus::kCommitted);
  EXPECT_EQ(report->files_moved, files.size());
  EXPECT_EQ(report->files_done, files.size());
  EXPECT_EQ(report->bytes_read, report->bytes_total);
  EXPECT_EQ(finalized, 1);
  for (const auto& [name, bytes] : files) EXPECT_EQ(Target(name), bytes) << name;
  EXPECT_EQ(Record().status, TransferStatus::kCommitted);
}

TEST_F(RunTransferTest, NothingToMoveIsASuccess) {
  auto report = Run();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->status, TransferStatus::kCommitted);
  EXPECT_EQ(finalized, 1);
}

TEST_F(RunTransferTest, TheSameCommandAgainFindsNothingToDo) {
  PutSource("a", Content(5 * kPart, 1));
  PutSource("b", Content(10, 2));
  ASSERT_TRUE(Run());
  const auto source_reads = SourceReads();
  const auto target_reads = target->calls(BackendOp::kReadRange);
  OpenJournal();

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_TRUE(report->already_done);
  EXPECT_EQ(report->status, TransferStatus::kCommitted);
  EXPECT_EQ(report->files_done, 2u);
  EXPECT_EQ(report->files_moved, 0u);
  EXPECT_EQ(SourceReads(), source_reads);
  EXPECT_EQ(target->calls(BackendOp::kReadRange), target_reads);
}

TEST_F(RunTransferTest, ARepeatThatMovesNothingLeavesACommittedTransferCommitted) {
  PutSource("a", Content(5 * kPart, 1));
  ASSERT_TRUE(Run());
  PutTarget("a", Content(5 * kPart, 2));
  ASSERT_FALSE(Run()) << "somebody has put something else there";
  EXPECT_EQ(Record().status, TransferStatus::kCommitted);
  stop.request_stop();
  ASSERT_FALSE(Run());
  EXPECT_EQ(Record().status, TransferStatus::kCommitted);
}

TEST_F(RunTransferTest, MovesAgainWhatVanishedFromTheDestination) {
  PutSource("a", Content(5 * kPart, 1));
  PutSource("b", Content(10, 2));
  ASSERT_TRUE(Run());
  ASSERT_TRUE(target_bucket->Delete("out/b"));

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_FALSE(report->already_done);
  EXPECT_EQ(report->files_moved, 1u);
  EXPECT_EQ(Target("b"), Content(10, 2));
}

TEST_F(RunTransferTest, MovesOnlyTheFileThatChangedAtTheSource) {
  PutSource("a", Content(5 * kPart, 1));
  PutSource("b", Content(3 * kPart, 2));
  ASSERT_TRUE(Run());
  PutSource("b", Content(4 * kPart, 3));
  const auto reads = SourceReads();

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->files_moved, 1u);
  EXPECT_EQ(SourceReads() - reads, 4u);
  EXPECT_EQ(Target("b"), Content(4 * kPart, 3));
}

TEST_F(RunTransferTest, FilesThatJoinOrLeaveThePlanAreFollowed) {
  for (const auto* name : {"b", "d", "f", "h"}) PutSource(name, Content(2 * kPart, 7));
  ASSERT_TRUE(Run());
  ASSERT_TRUE(source_bucket->Delete("in/d"));
  for (const auto* name : {"a", "e", "z"}) PutSource(name, Content(2 * kPart, 8));
  const auto reads = SourceReads();

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->files_total, 6u);
  EXPECT_EQ(report->files_moved, 3u);
  EXPECT_EQ(report->files_resumed, 3u);
  EXPECT_EQ(SourceReads() - reads, 6u);
  EXPECT_EQ(Plan().size(), 6u);
}

TEST_F(RunTransferTest, MovesARangeOfAnObject) {
  const std::string bytes = Content(10 * kPart, 4);
  PutSource("merged", bytes);
  auto meta = source_bucket->Stat("in/merged");
  ASSERT_TRUE(meta);
  const FileLister one = [&](const FileVisitor& visit) -> Result<void> {
    return visit({.from_dir = At("mem://source/in"),
                  .from_name = "merged",
                  .to_name = "segment",
                  .offset = 1234,
                  .size_bytes = 3333,
                  .whole_object = false,
                  .etag = meta->etag});
  };

  auto report = Run(one);

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(Target("segment"), bytes.substr(1234, 3333));
}

TEST_F(RunTransferTest, RefusesTwoFilesOfOneName) {
  PutSource("a", "1");
  const FileLister twice = [&](const FileVisitor& visit) -> Result<void> {
    SF_TRY(Lister()(visit));
    return Lister()(visit);
  };
  auto report = Run(twice);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(report.error().message(), HasSubstr("out/a"));
  EXPECT_FALSE(TargetHas("a"));
}

TEST_F(RunTransferTest, DryRunWritesNothing) {
  PutSource("a", Content(5 * kPart, 1));
  options.dry_run = true;
  auto report = Run();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->status, TransferStatus::kPlanned);
  EXPECT_EQ(report->bytes_total, 5 * kPart);
  EXPECT_FALSE(TargetHas("a"));
  EXPECT_EQ(finalized, 0);
  auto records = journal->List();
  ASSERT_TRUE(records);
  EXPECT_TRUE(records->empty());
}

TEST_F(RunTransferTest, AFailingFileFailsAlone) {
  PutSource("bad", Content(5 * kPart, 1));
  PutSource("good", Content(5 * kPart, 2));
  source->Fail({.op = BackendOp::kReadRange,
                .call = 3,
                .key_contains = "bad",
                .error = Error(ErrorCode::kPermission, "no")});

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->status, TransferStatus::kFailed);
  ASSERT_EQ(report->failures.size(), 1u);
  EXPECT_EQ(report->failures[0].name, "bad");
  EXPECT_EQ(report->failures[0].code, ErrorCode::kPermission);
  EXPECT_THAT(report->failures[0].message, HasSubstr("in/bad"));
  EXPECT_EQ(Target("good"), Content(5 * kPart, 2));
  EXPECT_FALSE(TargetHas("bad"));
  EXPECT_EQ(finalized, 0);

  const auto reads = SourceReads();
  auto again = Run();
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(again->status, TransferStatus::kCommitted);
  EXPECT_EQ(Target("bad"), Content(5 * kPart, 1));
  EXPECT_LT(SourceReads() - reads, 5u) << "parts read before are not read again";
}

TEST_F(RunTransferTest, AFileThatCannotLieBelowAnotherFailsAlone) {
  for (const char* name : {"a", "a/b", "c"}) PutSource(name, Content(kPart, 1));
  const std::string out = home.path() + "/out";
  request.to = At(out);
  options.workers = 1;
  auto report = Run();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->status, TransferStatus::kFailed);
  ASSERT_EQ(report->failures.size(), 1u);
  EXPECT_EQ(report->failures[0].name, "a/b");
  EXPECT_EQ(report->failures[0].code, ErrorCode::kConflict);
  for (const char* name : {"/a", "/c"}) {
    auto bytes = FileIo().ReadSmall(out + name, kPart);
    ASSERT_TRUE(bytes) << bytes.error().message();
    EXPECT_EQ(*bytes, Content(kPart, 1));
  }
}

TEST_F(RunTransferTest, AMissingSourceFailsItsFile) {
  PutSource("a", Content(2 * kPart, 1));
  PutSource("b", Content(2 * kPart, 2));
  const FileLister then_gone = [&](const FileVisitor& visit) -> Result<void> {
    SF_TRY(Lister()(visit));
    return source_bucket->Delete("in/a");
  };
  auto report = Run(then_gone);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->status, TransferStatus::kFailed);
  ASSERT_EQ(report->failures.size(), 1u);
  EXPECT_EQ(report->failures[0].code, ErrorCode::kNotFound);
  EXPECT_TRUE(TargetHas("b"));
}

TEST_F(RunTransferTest, ASourceThatIsShorterThanPlannedIsCorrupt) {
  PutSource("a", Content(2 * kPart, 1));
  auto meta = source_bucket->Stat("in/a");
  const FileLister wrong = [&](const FileVisitor& visit) -> Result<void> {
    return visit({.from_dir = At("mem://source/in"),
                  .from_name = "a",
                  .to_name = "a",
                  .size_bytes = 2 * kPart + 1,
                  .etag = meta->etag});
  };
  auto report = Run(wrong);
  ASSERT_TRUE(report) << report.error().message();
  ASSERT_EQ(report->failures.size(), 1u);
  EXPECT_EQ(report->failures[0].code, ErrorCode::kCorruption);
  EXPECT_FALSE(TargetHas("a"));
}

TEST_F(RunTransferTest, ASourceThatIsLongerThanPlannedIsCorrupt) {
  PutSource("a", Content(2 * kPart, 1));
  auto meta = source_bucket->Stat("in/a");
  const FileLister wrong = [&](const FileVisitor& visit) -> Result<void> {
    return visit({.from_dir = At("mem://source/in"),
                  .from_name = "a",
                  .to_name = "a",
                  .size_bytes = 2 * kPart - 1,
                  .etag = meta->etag});
  };
  auto report = Run(wrong);
  ASSERT_TRUE(report) << report.error().message();
  ASSERT_EQ(report->failures.size(), 1u);
  EXPECT_EQ(report->failures[0].code, ErrorCode::kCorruption);
  EXPECT_FALSE(TargetHas("a"));
}

TEST_F(RunTransferTest, ADestinationWithoutSpaceEndsTheRunResumably) {
  PutSource("a", Content(8 * kPart, 1));
  options.workers = 1;
  target->Fail({.op = BackendOp::kPutPart,
                .call = 5,
                .key_contains = "",
                .error = Error(ErrorCode::kNoSpace, "full")});

  auto report = Run();

  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), ErrorCode::kNoSpace);
  EXPECT_EQ(Record().status, TransferStatus::kFailed);
  EXPECT_EQ(Record().error, "full");
  EXPECT_FALSE(TargetHas("a"));

  const auto reads = SourceReads();
  auto again = Run();
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(Target("a"), Content(8 * kPart, 1));
  EXPECT_EQ(SourceReads() - reads, 4u);
  EXPECT_EQ(again->bytes_resumed, 4 * kPart);
}

TEST_F(RunTransferTest, AFailedFlushEndsTheRunAndNothingOfItIsBelieved) {
  PutSource("a", Content(3 * kPart, 1));
  target->Fail({.op = BackendOp::kFlush,
                .key_contains = "",
                .error = Error(ErrorCode::kIo, "fsync failed")});

  auto report = Run();

  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), ErrorCode::kIo);
  ASSERT_EQ(Plan().size(), 1u);
  EXPECT_EQ(Plan()[0].state, FileState::kPending);
  auto receipts = journal->Receipts(Record().id, 0);
  ASSERT_TRUE(receipts);
  EXPECT_TRUE(receipts->empty());

  auto again = Run();
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(Target("a"), Content(3 * kPart, 1));
}

TEST_F(RunTransferTest, ManyWorkersKeepTheLimitOnBytes) {
  for (std::uint64_t i = 0; i < 8; ++i) PutSource("f" + std::to_string(i), Content(kPart, i));
  auto slow = std::make_shared<WatchedBackend>(source);
  slow->on.before_read = [](std::string_view) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  };
  MoveBetween(slow, target);
  options.workers = 8;
  options.max_transfer_bytes = 2 * kPart;
  auto report = Run();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), ErrorCode::kCancelled);
  EXPECT_EQ(SourceReads(), 2u);
}

TEST_F(RunTransferTest, AStopRequestBeforeTheStartMovesNothing) {
  PutSource("a", Content(2 * kPart, 1));
  stop.request_stop();
  auto report = Run();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), ErrorCode::kCancelled);
  EXPECT_EQ(SourceReads(), 0u);
}

TEST_F(RunTransferTest, AStopWhileReadingBackIsNoDamage) {
  PutSource("a", Content(3 * kPart, 1));
  target->Fail({.op = BackendOp::kReadRange,
                .key_contains = "",
                .error = Error(ErrorCode::kCancelled, "stopped on request")});

  auto report = Run();

  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), ErrorCode::kCancelled);
  EXPECT_EQ(Plan()[0].state, FileState::kWritten);
  auto again = Run();
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(SourceReads(), 3u);
}

TEST_F(RunTransferTest, AnEmptyFileThatGrewAtTheDestinationIsFound) {
  PutSource("a", "");
  options.workers = 1;
  auto watched = std::make_shared<WatchedBackend>(target);
  MoveBetween(source, watched);
  watched->on.completed = [&](const std::string&) { PutTarget("a", "grown"); };

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  ASSERT_EQ(report->failures.size(), 1u);
  EXPECT_EQ(report->failures[0].code, ErrorCode::kCorruption);
}

TEST_F(RunTransferTest, WhatDoesNotReadBackFailsAndIsMovedAgain) {
  PutSource("a", Content(3 * kPart, 1));
  target->Fail({.op = BackendOp::kReadRange, .call = 2, .key_contains = "", .flip_bit = 77});

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->status, TransferStatus::kFailed);
  ASSERT_EQ(report->failures.size(), 1u);
  EXPECT_EQ(report->failures[0].code, ErrorCode::kCorruption);
  EXPECT_EQ(finalized, 0);

  auto again = Run();
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(again->status, TransferStatus::kCommitted);
  EXPECT_EQ(again->files_moved, 1u);
}

TEST_F(RunTransferTest, WhatWasWrittenIsReadFromWhereItIsStored) {
  class Stored final : public storage::ForwardingBackend {
   public:
    using ForwardingBackend::ForwardingBackend;
    Result<std::size_t> ReadBack(std::string_view key, std::uint64_t offset,
                                 MutableByteSpan out) override {
      SF_TRY(const auto read, inner().ReadRange(key, offset, out));
      if (offset == kPart) out[0] ^= std::byte{1};  // which no cache shows
      return read;
    }
  };
  PutSource("a", Content(3 * kPart, 1));
  MoveBetween(source, std::make_shared<Stored>(target));

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  ASSERT_EQ(report->failures.size(), 1u);
  EXPECT_EQ(report->failures[0].code, ErrorCode::kCorruption);
}

TEST_F(RunTransferTest, WithoutVerifyingTheDestinationIsNotReadBack) {
  PutSource("a", Content(3 * kPart, 1));
  options.verify_after_write = false;
  ASSERT_TRUE(Run());
  EXPECT_EQ(target->calls(BackendOp::kReadRange), 0u);
  EXPECT_EQ(Target("a"), Content(3 * kPart, 1));
}

TEST_F(RunTransferTest, AFailingFinalizerKeepsTheTransferUncommitted) {
  PutSource("a", "x");
  auto report = RunTransfer(request, Lister(),
                            []() -> Result<std::vector<LastObjectReceipt>> {
                              return Error(ErrorCode::kIo, "cannot put");
                            },
                            options, {*places, *journal, clock, progress, {}});
  ASSERT_FALSE(report);
  EXPECT_EQ(Record().status, TransferStatus::kFailed);
  auto again = Run();
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_FALSE(again->already_done);
  EXPECT_EQ(again->files_moved, 0u);
  EXPECT_EQ(finalized, 1);
}

TEST_F(RunTransferTest, ACommittedTransferStaysCommittedWhenTidyingUpFails) {
  class Untidy final : public ForwardingJournal {
   public:
    using ForwardingJournal::ForwardingJournal;
    Result<void> DropReceipts(const std::string&) override {
      return Error(ErrorCode::kNoSpace, "full");
    }
  };
  PutSource("a", "x");
  Untidy untidy(*journal);
  auto report = RunTransfer(request, Lister(), {}, options, {*places, untidy, clock, progress, {}});
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(Record().status, TransferStatus::kCommitted);
  EXPECT_EQ(progress.warnings.size(), 1u);
}

TEST_F(RunTransferTest, WhatTheFinalizerPutsIntoAStoreCountsAsPut) {
  const std::string dir = home.path() + "/store";
  ASSERT_TRUE(storage::managed::Store::Init(FileIo(), clock, dir));
  request.to = At("managed://" + dir + "/project/out");
  PutSource("a", Content(5 * kPart, 1));
  const Finalizer finalize = [&]() -> Result<std::vector<LastObjectReceipt>> {
    SF_TRY(auto place, places->Open(request.to, storage::Access::kWrite));
    SF_TRY(place.backend->Put(place.Key("_metadata"), AsBytes(Content(100, 2)), {}));
    return std::vector<LastObjectReceipt>();
  };
  auto report =
      RunTransfer(request, Lister(), finalize, options, {*places, *journal, clock, progress, {}});
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->plain_bytes, 5 * kPart + 100);
  EXPECT_EQ(report->bytes_moved, 5 * kPart);
}

TEST_F(RunTransferTest, ReportsAsJson) {
  PutSource("a", "x");
  auto report = Run();
  ASSERT_TRUE(report);
  const Json json = ToJson(*report);
  EXPECT_EQ(json["status"], "committed");
  EXPECT_EQ(json["filesMoved"], 1);
  EXPECT_EQ(json["id"].get<std::string>().size(), 16u);
}

}  // namespace
}  // namespace stateferry::transfer
