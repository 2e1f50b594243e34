// What a later run makes of what an earlier one left: parts, receipts, uploads.

#include <gmock/gmock.h>

#include "tests/transfer/forwarding_journal.h"
#include "tests/transfer/transfer_rig.h"
#include "tests/transfer/watched_backend.h"

namespace stateferry::transfer {
namespace {

using fakes::BackendOp;
using ::testing::HasSubstr;

class ResumeTest : public TransferRig {};

TEST_F(ResumeTest, StoppedInTheMiddleItGoesOnWhereItStopped) {
  PutSource("a", Content(20 * kPart, 1));
  options.max_transfer_bytes = 5 * kPart;
  options.workers = 1;

  auto report = Run();

  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), ErrorCode::kCancelled);
  EXPECT_EQ(Record().status, TransferStatus::kCancelled);
  EXPECT_EQ(SourceReads(), 5u);
  EXPECT_FALSE(TargetHas("a"));
  EXPECT_EQ(finalized, 0);

  options.max_transfer_bytes = 0;
  OpenJournal();
  auto again = Run();
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(again->status, TransferStatus::kCommitted);
  EXPECT_EQ(again->bytes_resumed, 5 * kPart);
  EXPECT_EQ(SourceReads(), 20u) << "no part is read twice";
  EXPECT_EQ(Target("a"), Content(20 * kPart, 1));
}

TEST_F(ResumeTest, AnUploadThatIsGoneStartsAnew) {
  PutSource("a", Content(20 * kPart, 1));
  options.max_transfer_bytes = 5 * kPart;
  options.workers = 1;
  ASSERT_FALSE(Run());
  options.max_transfer_bytes = 0;
  target->Fail({.op = BackendOp::kStartUpload,
                .key_contains = "",
                .error = Error(ErrorCode::kNotFound, "gone")});

  auto again = Run();

  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(again->bytes_resumed, 0u);
  EXPECT_EQ(Target("a"), Content(20 * kPart, 1));
}

TEST_F(ResumeTest, AnUploadThatLostPartsStartsAgain) {
  PutSource("a", Content(20 * kPart, 1));
  target->Fail(
      {.op = BackendOp::kComplete, .error = Error(ErrorCode::kNotFound, "part 3 is gone")});

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->failures_total, 0u);
  EXPECT_EQ(target->calls(fakes::BackendOp::kAbort), 1u);
  EXPECT_EQ(Target("a"), Content(20 * kPart, 1));
}

TEST_F(ResumeTest, ReceiptsOfAnUploadThatIsGoneAreNeverBelievedAgain) {
  PutSource("a", Content(20 * kPart, 1));
  options.workers = 1;
  options.max_transfer_bytes = 10 * kPart;
  ASSERT_FALSE(Run());
  target->Fail({.op = BackendOp::kStartUpload,
                .key_contains = "",
                .error = Error(ErrorCode::kNotFound, "gone")});
  options.max_transfer_bytes = 5 * kPart;
  ASSERT_FALSE(Run());
  EXPECT_EQ(journal->Receipts(Record().id, 0)->size(), 5u);
  options.max_transfer_bytes = 0;

  auto again = Run();

  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(again->bytes_resumed, 5 * kPart);
  EXPECT_EQ(Target("a"), Content(20 * kPart, 1));
}

TEST_F(ResumeTest, AnUploadThatCannotBeResumedNowIsResumedLater) {
  PutSource("a", Content(20 * kPart, 1));
  options.workers = 1;
  options.max_transfer_bytes = 10 * kPart;
  ASSERT_FALSE(Run());
  options.max_transfer_bytes = 0;
  target->Fail({.op = BackendOp::kStartUpload,
                .key_contains = "",
                .error = Error(ErrorCode::kRefused, "not now")});
  ASSERT_TRUE(Run());

  auto again = Run();

  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(again->bytes_resumed, 10 * kPart);
  EXPECT_EQ(Target("a"), Content(20 * kPart, 1));
}

TEST_F(ResumeTest, AReceiptOfAPartThatIsNoneIsNotBelieved) {
  PutSource("a", Content(3 * kPart, 1));
  target->Fail({.op = BackendOp::kReadRange,
                .key_contains = "",
                .error = Error(ErrorCode::kCancelled, "stopped on request")});
  ASSERT_FALSE(Run());
  Journal::Batch wrong;
  wrong.files = Plan();
  wrong.files[0].state = FileState::kWritten;
  wrong.drop_receipts_of = {0};
  for (const std::uint32_t part : {0u, 1u, 1u << 24}) wrong.parts.push_back({0, {part, kPart, {}}});
  ASSERT_TRUE(journal->Commit(Record().id, wrong));

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->files_moved, 1u);
  EXPECT_EQ(Target("a"), Content(3 * kPart, 1));
}

TEST_F(ResumeTest, AFileThatCannotBeReadBackIsReadBackLater) {
  PutSource("a", Content(3 * kPart, 1));
  target->Fail({.op = BackendOp::kReadRange, .call = 2, .key_contains = ""});

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->status, TransferStatus::kFailed);
  EXPECT_EQ(Plan()[0].state, FileState::kWritten);
  auto again = Run();
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(again->status, TransferStatus::kCommitted);
  EXPECT_EQ(SourceReads(), 3u);
}

TEST_F(ResumeTest, ASourceThatCannotBeLookedAtCostsNoPart) {
  PutSource("a", Content(3 * kPart, 1));
  source->Fail({.op = BackendOp::kStat, .key_contains = ""});

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->status, TransferStatus::kFailed);
  auto again = Run();
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(again->bytes_resumed, 3 * kPart);
  EXPECT_EQ(SourceReads(), 3u);
  EXPECT_EQ(Target("a"), Content(3 * kPart, 1));
}

}  // namespace
}  // namespace stateferry::transfer
