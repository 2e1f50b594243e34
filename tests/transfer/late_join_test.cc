// A service joins the parts of an upload, and nobody hears of the end.

#include "transfer/late_join.h"

#include "tests/transfer/transfer_rig.h"
#include "tests/transfer/watched_backend.h"

namespace stateferry::transfer {
namespace {

using fakes::BackendOp;

class LateJoinTest : public TransferRig {
 protected:
  static constexpr std::uint64_t kParts = 5;

  LateJoinTest() {
    watched->durable_on_complete = true;
    MoveBetween(source, watched);
    PutSource("a", Content(kParts * kPart, 1));
  }

  /// The upload is gone, and the object not there yet.
  void EndUnheard() {
    target->Fail({.op = BackendOp::kComplete,
                  .error = Error(ErrorCode::kUnavailable, "no answer", Retry::kExhausted),
                  .after = true});
    ASSERT_FALSE(Run());
    ASSERT_TRUE(target_bucket->Delete("out/a"));
    ASSERT_EQ(SourceReads(), kParts);
  }
  void AppearAtLook(int number, const std::string& content) {
    watched->on.before_stat = [this, number, content](std::string_view) {
      if (++looks == number) PutTarget("a", content);
    };
  }

  std::shared_ptr<WatchedBackend> watched = std::make_shared<WatchedBackend>(target);
  int looks = 0;
};

TEST_F(LateJoinTest, TheObjectIsWaitedForAndTakenForDone) {
  EndUnheard();
  AppearAtLook(2, Content(kParts * kPart, 1));

  auto again = Run();

  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(again->status, TransferStatus::kCommitted);
  EXPECT_EQ(SourceReads(), kParts) << "no part is moved again";
  EXPECT_EQ(again->bytes_resumed, kParts * kPart);
  EXPECT_EQ(Plan()[0].state, FileState::kDone);
  EXPECT_TRUE(Plan()[0].owned);
  auto third = Run();
  ASSERT_TRUE(third);
  EXPECT_TRUE(third->already_done);
}

TEST_F(LateJoinTest, AnObjectThatWasThereBeforeTheRerunIsComparedWithTheReceipts) {
  EndUnheard();
  PutTarget("a", Content(kParts * kPart, 1));

  auto again = Run();

  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(SourceReads(), kParts) << "no part is read again";
}

TEST_F(LateJoinTest, AnotherObjectIsNotTakenForIt) {
  EndUnheard();
  options.if_exists = IfExists::kOverwrite;
  options.join_patience = std::chrono::milliseconds(0);
  AppearAtLook(1, Content(kParts * kPart, 2));

  auto again = Run();

  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(SourceReads(), 2 * kParts);
  EXPECT_TRUE(Target("a") == Content(kParts * kPart, 1));
}

TEST_F(LateJoinTest, WhatDoesNotComeIsMovedAgain) {
  EndUnheard();
  options.join_patience = std::chrono::milliseconds(0);

  auto again = Run();

  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(SourceReads(), 2 * kParts);
  EXPECT_TRUE(Target("a") == Content(kParts * kPart, 1));
}

TEST_F(LateJoinTest, AChangedSourceIsMovedAgain) {
  EndUnheard();
  PutSource("a", Content(kParts * kPart, 3));
  options.if_exists = IfExists::kOverwrite;
  PutTarget("a", Content(kParts * kPart, 1));

  auto again = Run();

  ASSERT_TRUE(again) << again.error().message();
  EXPECT_TRUE(Target("a") == Content(kParts * kPart, 3));
}

TEST_F(LateJoinTest, AnUploadThatIsGoneWhenItIsToEndIsLookedForToo) {
  target->Fail({.op = BackendOp::kComplete,
                .error = Error(ErrorCode::kNotFound, "NoSuchUpload"),
                .after = true});

  auto report = Run();

  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(SourceReads(), kParts);
  EXPECT_EQ(report->files_moved, 1u);
  EXPECT_TRUE(Target("a") == Content(kParts * kPart, 1));
}

}  // namespace
}  // namespace stateferry::transfer
