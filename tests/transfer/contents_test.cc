#include "transfer/contents.h"

#include <gmock/gmock.h>

#include "tests/transfer/transfer_rig.h"

namespace stateferry::transfer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ContentsTest : public TransferRig {
 protected:
  ContentsTest() {
    PutSource("empty", "");
    PutSource("large", Content(5 * kPart + 7, 1));
    PutSource("small", Content(10, 2));
    EXPECT_TRUE(Run());
  }
  ContentsReport Check() {
    auto report = CheckContents(Record(), *journal, *places, {});
    EXPECT_TRUE(report) << report.error().message();
    return *report;
  }
};

TEST_F(ContentsTest, ACommittedTransferKnowsItsContents) {
  EXPECT_TRUE(journal->Receipts(Record().id, 1)->empty());
  const auto report = Check();
  EXPECT_EQ(report.files, 3u);
  EXPECT_EQ(report.compared, 3u);
  EXPECT_EQ(report.bytes_read, 5 * kPart + 17);
  EXPECT_TRUE(report.problems.empty());
}

TEST_F(ContentsTest, OtherBytesAnotherLengthAndNothingAreFound) {
  PutTarget("empty", "x");
  std::string bytes = Content(5 * kPart + 7, 1);
  bytes.back() ^= 1;
  PutTarget("large", bytes);
  ASSERT_TRUE(target_bucket->Delete("out/small"));
  EXPECT_THAT(Check().problems,
              ElementsAre(HasSubstr("out/empty: 1 bytes"), HasSubstr("out/large: not what"),
                          HasSubstr("out/small: ")));
}

TEST_F(ContentsTest, WhatWasPutBehindTheFilesIsCompared) {
  EXPECT_TRUE(Check().last_objects_known) << "there was none";
  last_objects = {{.to_name = "last", .size_bytes = 4, .hash = Xxh3_128(AsBytes("last"))}};
  PutTarget("last", "last");
  ASSERT_TRUE(Run()) << "nothing is to be moved, and yet it is learnt";
  const auto report = Check();
  EXPECT_EQ(report.files, 4u);
  EXPECT_EQ(report.compared, 4u);
  EXPECT_TRUE(report.problems.empty());
  PutTarget("last", "lasT");
  EXPECT_THAT(Check().problems, ElementsAre(HasSubstr("out/last: not what")));
  PutTarget("last", "longer");
  EXPECT_THAT(Check().problems, ElementsAre(HasSubstr("out/last: 6 bytes instead of 4")));
  ASSERT_TRUE(target_bucket->Delete("out/last"));
  EXPECT_THAT(Check().problems, ElementsAre(HasSubstr("out/last: ")));
}

TEST_F(ContentsTest, WhatComesLastIsUnknownOnceARunWrites) {
  PutSource("small", Content(11, 5));
  target->Fail({.op = fakes::BackendOp::kFlush, .error = Error(ErrorCode::kIo, "broken")});
  const auto failed = Run();
  ASSERT_TRUE(!failed || failed->failures_total > 0);
  EXPECT_FALSE(Record().last_objects);
  EXPECT_FALSE(Check().last_objects_known);
}

TEST_F(ContentsTest, ARepeatThatFailedForgetsNothing) {
  PutTarget("small", Content(10, 3));
  ASSERT_FALSE(Run());
  auto record = Record();
  EXPECT_EQ(record.status, TransferStatus::kCommitted);
  record.status = TransferStatus::kFailed;  // as earlier versions left it
  ASSERT_TRUE(journal->PutTransfer(record));
  const auto report = Check();
  EXPECT_EQ(report.compared, 3u);
  EXPECT_THAT(report.problems, ElementsAre(HasSubstr("out/small: not what")));
}

TEST_F(ContentsTest, WhatIsNotDoneIsNotHeldAgainstTheTransfer) {
  auto files = Plan();
  files[2].state = FileState::kPending;
  Journal::Batch batch;
  batch.files = files;
  ASSERT_TRUE(journal->Commit(Record().id, batch));
  ASSERT_TRUE(target_bucket->Delete("out/small"));
  const auto report = Check();
  EXPECT_EQ(report.compared, 2u);
  EXPECT_TRUE(report.problems.empty());
}

TEST_F(ContentsTest, WhatWasSkippedUnreadIsKnownByItsEtag) {
  PutTarget("small", Content(10, 3));
  options.if_exists = IfExists::kSkip;
  ASSERT_TRUE(Run());
  EXPECT_TRUE(Check().problems.empty());
  PutTarget("small", Content(10, 4));
  EXPECT_THAT(Check().problems, ElementsAre(HasSubstr("out/small: not what")));
}

TEST_F(ContentsTest, WhatWasComparedInsteadOfMovedIsKnownToo) {
  PutTarget("small", Content(10, 2));
  ASSERT_TRUE(Run());
  EXPECT_EQ(Check().compared, 3u);
}

}  // namespace
}  // namespace stateferry::transfer
