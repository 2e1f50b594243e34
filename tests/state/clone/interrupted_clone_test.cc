// Clones that were killed or interrupted, and what stays so or is failed: C-19, C-42, C-44, C-47.
#include "state/workflow/stop_request.h"
#include "tests/state/catalog/watched_catalog.h"
#include "tests/state/clone/whole_clone_rig.h"

namespace stateferry::state::clone {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class InterruptedClone : public WholeCloneRig {
 protected:
  void SetUp() override {
    WholeCloneRig::SetUp();
    UseManagedStore();
  }
};

// However long somebody waits, a file that is gone does not come back.
TEST_F(InterruptedClone, C_42_AMissingFileCountsMoreThanOneThatCannotBeReadNow) {
  PutOrders();
  Start();
  bucket->Fail({.op = fakes::BackendOp::kReadRange,
                .times = 1000,
                .key_contains = "sp/sp-1/d",
                .error = Error(ErrorCode::kNotFound, "gone")});
  bucket->Fail({.op = fakes::BackendOp::kReadRange,
                .times = 1000,
                .key_contains = "sp/sp-1/4",
                .error = Error(ErrorCode::kUnavailable, "503", Retry::kExhausted)});
  const auto ended = TryToGo(run, *catalog);
  ASSERT_TRUE(ended) << ended.error().message();
  EXPECT_EQ(ended->status, workflow::RunStatus::kCompletedWithFailures);
}

/// Storage that does not answer in the middle of a clone.
TEST_F(InterruptedClone, C_44_AnOutageOfTheBucketInterruptsAndDegradesNothing) {
  PutOrders();
  Source("deployment", "payments", SqlJob());
  WholeSnapshot("sp-2", "payments", "2025-12-31T23:30:00Z");
  request.on_error = OnError::kStateless;
  Start();
  bucket->Fail({.op = fakes::BackendOp::kReadRange,
                .times = 1000,
                .key_contains = "sp/sp-1/",
                .error = Error(ErrorCode::kUnavailable, "503", Retry::kExhausted)});
  const auto ended = TryToGo(run, *catalog);
  ASSERT_FALSE(ended) << workflow::RunStatusName(ended->status);
  EXPECT_EQ(ended.error().code(), ErrorCode::kUnavailable);
  const auto why = workflow::FirstError(*store->Findings(run.id));
  ASSERT_FALSE(why);
  EXPECT_EQ(why.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(why.error().message(), HasSubstr("deployment 'orders': "));
  bucket->VerifyAllFired();
  Go(*catalog);
  EXPECT_THAT(Verify(), IsEmpty());
  EXPECT_EQ(BodyAtTarget({"deployment", "orders"})["restoreStrategy"]["savepointId"], "sp-1");
  EXPECT_EQ(BodyAtTarget({"deployment", "payments"})["restoreStrategy"]["savepointId"], "sp-2");
}

/// A clone that was killed while it moved the jar of a job that has state, and another one of the
/// same projects that came to its end meanwhile.
class TwoClones : public InterruptedClone {
 protected:
  void SetUp() override {
    InterruptedClone::SetUp();
    Source("deployment", "orders", R"({"engineVersion": "vvr-8.0.5-flink-1.17",
        "artifact": {"kind": "JAR", "jarUri": "s3://bound/ws/p/files/orders.jar"}})");
    PutFile("s3://bound/ws/p/files/orders.jar", "the jar");
    WholeSnapshot("sp-1", "orders", "2025-12-31T23:30:00Z");
    Start();
    killed = run;
    std::stop_source kill;
    catalog::WatchedCatalog killing(*catalog, [&](const catalog::Change& change) {
      if (change.entity.key.kind == "deployment") kill.request_stop();
      return Result<void>();
    });
    const auto ended = TryToGo(killed, killing, kill.get_token());
    ASSERT_FALSE(ended);
    ASSERT_EQ(ended.error().code(), ErrorCode::kCancelled);
    Run();
    ASSERT_THAT(Verify(), IsEmpty());
  }

  workflow::Run killed;
};

TEST_F(TwoClones, C_19_AStopLeavesTheOtherOnesState) {
  ASSERT_TRUE(workflow::RequestStop(FileIo(), dir.File("home"), killed.id));
  const auto ended = TryToGo(killed, *catalog);
  ASSERT_TRUE(ended) << ended.error().message();
  EXPECT_EQ(ended->status, workflow::RunStatus::kStopped);
  EXPECT_THAT(Verify(), IsEmpty());
}

TEST_F(TwoClones, C_47_AResumeLeavesTheOtherOnesState) {
  const auto ended = TryToGo(killed, *catalog);
  ASSERT_TRUE(ended) << ended.error().message();
  EXPECT_EQ(ended->status, workflow::RunStatus::kCompleted);
  EXPECT_THAT(Verify(), IsEmpty());
  run = killed;
  EXPECT_THAT(Verify(), IsEmpty());
  EXPECT_EQ(BodyAtTarget({"deployment", "orders"})["restoreStrategy"]["savepointId"], "sp-1");
  EXPECT_EQ(BodyAtTarget({"deployment", "orders-clone-1"})["restoreStrategy"]["savepointId"],
            "sp-1-clone-1");
}

}  // namespace
}  // namespace stateferry::state::clone
