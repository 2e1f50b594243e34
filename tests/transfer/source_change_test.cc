#include <gmock/gmock.h>

#include <atomic>

#include "tests/fakes/faulty_backend.h"
#include "tests/transfer/transfer_rig.h"
#include "tests/transfer/watched_backend.h"

namespace stateferry::transfer {
namespace {

/// The source object is replaced just before the n-th read.
class SourceChangeTest : public TransferRig {
 protected:
  SourceChangeTest() {
    MoveBetween(watched, target);
    watched->on.before_read = [this](std::string_view) {
      const int read = ++reads;
      for (std::size_t i = 0; i < change_before.size(); ++i)
        if (read == change_before[i])
          PutSource("a", Content(size_after != 0 ? size_after : 6 * kPart, 100 + i));
    };
    options.workers = 1;
    PutSource("a", Content(6 * kPart, 1));
  }

  std::shared_ptr<WatchedBackend> watched = std::make_shared<WatchedBackend>(source);
  std::vector<int> change_before;
  std::size_t size_after = 0;
  std::atomic<int> reads{0};
};

TEST_F(SourceChangeTest, AFileThatChangesIsReadAgainAsAWhole) {
  for (int n = 1; n <= 6; ++n) {
    SCOPED_TRACE(n);
    ASSERT_TRUE(target_bucket->Delete("out/a"));
    PutSource("a", Content(6 * kPart, static_cast<std::uint64_t>(n)));
    reads = 0;
    change_before = {n};
    progress.warnings.clear();
    auto report = Run();
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->status, TransferStatus::kCommitted);
    EXPECT_EQ(Target("a"), Content(6 * kPart, 100)) << "never a mixture";
    EXPECT_EQ(progress.warnings.size(), 1u);
  }
}

TEST_F(SourceChangeTest, APlaceThatNoticesTheChangeItselfIsReadAgain) {
  auto pinning = std::make_shared<fakes::FaultyBackend>(watched);
  pinning->Fail({.op = fakes::BackendOp::kReadRange,
                 .call = 3,
                 .error = Error(ErrorCode::kConflict, "the object was replaced")});
  MoveBetween(pinning, target);
  change_before = {2};
  auto report = Run();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->status, TransferStatus::kCommitted);
  EXPECT_EQ(Target("a"), Content(6 * kPart, 100));
}

TEST_F(SourceChangeTest, AFileThatWasDamagedOnItsWayIsReadAgainOnce) {
  for (const std::uint64_t times : {1u, 2u}) {
    ASSERT_TRUE(target_bucket->Delete("out/a"));
    source->Fail({.op = fakes::BackendOp::kStat,
                  .times = times,
                  .error = Error(ErrorCode::kCorruption, "a arrived with other bytes")});
    auto report = Run();
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->failures.size(), times - 1);
    EXPECT_EQ(TargetHas("a"), times == 1);
    EXPECT_EQ(reads, times == 1 ? 12 : 24);
  }
}

TEST_F(SourceChangeTest, AFileThatChangesTwiceIsAConflict) {
  change_before = {3, 9};
  auto report = Run();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->status, TransferStatus::kFailed);
  ASSERT_EQ(report->failures.size(), 1u);
  EXPECT_EQ(report->failures[0].code, ErrorCode::kConflict);
  EXPECT_FALSE(TargetHas("a"));
  EXPECT_EQ(finalized, 0);

  auto again = Run();
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(Target("a"), Content(6 * kPart, 101));
}

TEST_F(SourceChangeTest, AFileThatShrinksOrGrowsIsAConflict) {
  for (const std::size_t size : {3 * kPart, 9 * kPart}) {
    SCOPED_TRACE(size);
    PutSource("a", Content(6 * kPart, size));
    ASSERT_TRUE(target_bucket->Delete("out/a"));
    size_after = size;
    reads = 0;
    change_before = {5};
    auto report = Run();
    ASSERT_TRUE(report) << report.error().message();
    ASSERT_EQ(report->failures.size(), 1u);
    EXPECT_EQ(report->failures[0].code, ErrorCode::kConflict);
    EXPECT_FALSE(TargetHas("a"));
  }
}

TEST_F(SourceChangeTest, AChangeBetweenTwoRunsStartsTheFileAgain) {
  options.max_transfer_bytes = 3 * kPart;
  ASSERT_FALSE(Run());
  options.max_transfer_bytes = 0;
  PutSource("a", Content(6 * kPart, 2));
  auto report = Run();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->bytes_resumed, 0u);
  EXPECT_EQ(Target("a"), Content(6 * kPart, 2)) << "never a mixture";
}

}  // namespace
}  // namespace stateferry::transfer
