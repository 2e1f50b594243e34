// Which state goes with which job: C-14, C-23, C-24, C-25, C-38 to C-41, C-44.
#include "state/clone/engine_version.h"
#include "tests/state/clone/clone_rig.h"

namespace stateferry::state::clone {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class CloneStateRules : public CloneRig {
 protected:
  const EntityKey orders{"deployment", "orders"};

  static Json StrategyOf(const Item& item) { return item.body["restoreStrategy"]; }
  static std::string Engine(const std::string& version) {
    return R"({"engineVersion": ")" + version +
           R"(", "artifact": {"kind": "SQLSCRIPT", "sqlScript": "SELECT 1"}})";
  }
};

TEST_F(CloneStateRules, C_14_EngineVersionsAreComparedAsNumbers) {
  for (const char* old : {"vvr-6.0.1-flink-1.15", "4.0.18", "vvr-4.0.18-flink-1.13", "vvr-6.0",
                          "flink-1.14.6", "v1_14", "1.14", "5.99.99", "", "latest", "vvr-", "6.x"})
    EXPECT_FALSE(CarriesState(old)) << old;
  for (const char* recent :
       {"vvr-6.0.2-flink-1.15", "6.0.2", "6.0.10", "8.0.5", "11.7", "vvr-11.x-flink-1.20",
        "vvr-6.0.7-flink-1.15", "flink-1.15.0", "flink-2.3.0", "v1_20", "v2_0", "1.20.5", "10.0.0"})
    EXPECT_TRUE(CarriesState(recent)) << recent;
}

TEST_F(CloneStateRules, C_14_AnOldEngineIsTheFailureOfThatJob) {
  Source("deployment", "old", Engine("vvr-6.0.1-flink-1.15"));
  Source("deployment", "new", Engine("vvr-6.0.2-flink-1.15"));
  const auto plan = Plan();
  EXPECT_TRUE(plan.ok());
  const Item& old = ItemOf(plan, {"deployment", "old"});
  EXPECT_EQ(old.status, ItemStatus::kFailed);
  EXPECT_EQ(old.rule, "C-14");
  EXPECT_EQ(old.category, "incompatible");
  EXPECT_THAT(old.reason, HasSubstr("vvr-6.0.1-flink-1.15"));
  EXPECT_EQ(ItemOf(plan, {"deployment", "new"}).status, ItemStatus::kPending);
  EXPECT_THAT(Said(plan, "C-14"), ElementsAre(HasSubstr("'old'")));
}

TEST_F(CloneStateRules, C_14_WithoutStateAnyEngineWillDo) {
  Source("deployment", "old", Engine("4.0.18"));
  request.state = StateStrategy::kStateless;
  const auto plan = Plan();
  EXPECT_EQ(ItemOf(plan, {"deployment", "old"}).status, ItemStatus::kPending);
  EXPECT_THAT(Said(plan, "C-14"), IsEmpty());
}

TEST_F(CloneStateRules, C_44_AFailureOfStateLeavesTheJobStatelessWhereThatIsAllowed) {
  Source("deployment", "orders", Engine("4.0.18"));
  request.on_error = OnError::kStateless;
  const auto plan = Plan();
  const Item& item = ItemOf(plan, orders);
  EXPECT_EQ(item.status, ItemStatus::kPending);  // ends degraded, for this reason:
  EXPECT_EQ(item.rule, "C-14");
  EXPECT_FALSE(item.reason.empty());
  EXPECT_EQ(StrategyOf(item), (Json{{"kind", "NONE"}}));
  EXPECT_THAT(Said(plan, "C-14"), ElementsAre(HasSubstr("without its state")));
}

TEST_F(CloneStateRules, C_23_TheNewestOfSavepointsAndCheckpoints) {
  Source("deployment", "orders", SqlJob());
  WholeSnapshot("sp-1", "orders", "2025-12-31T23:00:00Z");
  WholeSnapshot("chk-9", "orders", "2025-12-31T23:30:00Z", "RETAINED_CHECKPOINT");
  auto plan = Plan();
  EXPECT_EQ(ItemOf(plan, orders).snapshot_from, "s3://bound/ws/p/sp/chk-9");
  EXPECT_THAT(plan.snapshots, SizeIs(1));
  // The other way round; only digits behind the second tell them apart.
  WholeSnapshot("sp-2", "orders", "2025-12-31T23:30:00.001Z");
  plan = Plan();
  EXPECT_EQ(ItemOf(plan, orders).snapshot_from, "s3://bound/ws/p/sp/sp-2");
}

TEST_F(CloneStateRules, C_23_WhatIsNotCompleteDoesNotCount) {
  Source("deployment", "orders", SqlJob());
  WholeSnapshot("sp-1", "orders", "2025-12-31T23:00:00Z");
  Snapshot("sp-2", "orders", "2025-12-31T23:30:00Z", "USER_REQUEST", "FAILED");
  Snapshot("sp-3", "orders", "2025-12-31T23:40:00Z", "USER_REQUEST", "STARTED");
  EXPECT_EQ(ItemOf(Plan(), orders).snapshot_from, "s3://bound/ws/p/sp/sp-1");
}

TEST_F(CloneStateRules, C_24_RunningFinishedOrStoppedAllBringTheirState) {
  request.running = RunningStrategy::kInclude;
  for (const auto& [name, status] :
       {std::pair{"a", "RUNNING"}, std::pair{"b", "FINISHED"}, std::pair{"c", "CANCELLED"}}) {
    Source("deployment", name, SqlJob());
    Job(name, status);
    WholeSnapshot(std::string("sp-") + name, name, "2025-12-31T23:30:00Z");
  }
  const auto plan = Plan();
  for (const char* name : {"a", "b", "c"})
    EXPECT_EQ(ItemOf(plan, {"deployment", name}).snapshot_from,
              std::string("s3://bound/ws/p/sp/sp-") + name);
}

TEST_F(CloneStateRules, C_24_AJobThatHasRunWithoutAnySnapshotFails) {
  Source("deployment", "orders", SqlJob());
  Job("orders", "FAILED");
  const Item item = ItemOf(Plan(), orders);
  EXPECT_EQ(item.status, ItemStatus::kFailed);
  EXPECT_EQ(item.rule, "C-24");
  EXPECT_EQ(item.category, "state");
}

TEST_F(CloneStateRules, C_24_AJobThatHasNotRunBringsTheSnapshotThatItIsToBeginFrom) {
  const auto from = [](const std::string& name) {
    return SqlJob(
        "SELECT 1",
        R"(, "restoreStrategy": {"kind": "FROM_SAVEPOINT", "savepointId": ")" + name + R"("})");
  };
  Source("deployment", "orders", from("sp-1"));
  Source("deployment", "heir", from("sp-2"));
  WholeSnapshot("sp-1", "orders", "2025-12-31T20:00:00Z");
  WholeSnapshot("sp-2", "orders", "2025-12-31T23:30:00Z");
  auto plan = Plan();
  EXPECT_EQ(ItemOf(plan, orders).snapshot_from, "s3://bound/ws/p/sp/sp-1");
  EXPECT_EQ(ItemOf(plan, {"deployment", "heir"}).snapshot_from, "s3://bound/ws/p/sp/sp-2");
  // It has processed nothing since.
  EXPECT_THAT(Said(plan, "C-25"), IsEmpty());
  // Once it has run what it has processed since counts (C-23).
  Job("orders", "CANCELLED");
  plan = Plan();
  EXPECT_EQ(ItemOf(plan, orders).snapshot_from, "s3://bound/ws/p/sp/sp-2");
}

TEST_F(CloneStateRules, C_24_NoOtherSnapshotStandsForTheOneThatAJobIsToBeginFrom) {
  const auto job = [&](const std::string& name, const std::string& savepoint) {
    Source(
        "deployment", name,
        SqlJob("SELECT 1", R"(, "restoreStrategy": {"kind": "FROM_SAVEPOINT", "savepointId": ")" +
                               savepoint + R"("})"));
  };
  job("orders", "gone");
  job("b", "failed");
  job("c", "torn");
  WholeSnapshot("sp-1", "orders", "2025-12-31T23:00:00Z");
  WholeSnapshot("sp-2", "c", "2025-12-31T23:00:00Z");
  Snapshot("failed", "b", "2025-12-31T23:30:00Z", "USER_REQUEST", "FAILED");
  Snapshot("torn", "c", "2025-12-31T23:30:00Z");
  const auto plan = Plan();
  for (const auto& [name, why] :
       {std::pair{"orders", "it begins from snapshot 'gone', which the project does not hold"},
        std::pair{"b", "it begins from snapshot 'failed', which is not completed"},
        std::pair{"c",
                  "the snapshot that it begins from, 'torn' (s3://bound/ws/p/sp/torn) is not "
                  "whole: "}}) {
    const Item& item = ItemOf(plan, {"deployment", name});
    EXPECT_EQ(item.status, ItemStatus::kFailed) << name;
    EXPECT_EQ(item.rule, "C-24");
    EXPECT_EQ(item.category, "state");
    EXPECT_THAT(item.reason, HasSubstr(why));
  }
  EXPECT_THAT(Said(plan, "C-24"), SizeIs(3));
}

TEST_F(CloneStateRules, C_24_AnInitialSavepointPathIsNotLostInSilence) {
  const auto job = [&](const std::string& name, const std::string& spec, const std::string& path,
                       const std::string& more = "") {
    Source("deployment", name,
           SqlJob("SELECT 1", R"(, "kubernetes": {"spec": )" + spec +
                                  R"({"job": {"initialSavepointPath": ")" + path + R"("}})" +
                                  (spec.empty() ? "" : "}}") + "}" + more));
  };
  const std::string blue_green = R"({"template": {"spec": )";
  job("orders", "", "s3://bound/ws/p/elsewhere");
  job("bg", blue_green, "s3://bound/ws/p/elsewhere");
  job("known", "", "s3://bound/ws/p/sp/sp-1");
  job("anew", "", "s3://bound/ws/p/elsewhere", R"(, "restoreStrategy": {"kind": "NONE"})");
  WholeSnapshot("sp-1", "another", "2025-12-31T23:30:00Z");
  const auto plan = Plan();
  for (const char* name : {"orders", "bg"}) {
    const Item& item = ItemOf(plan, {"deployment", name});
    EXPECT_EQ(item.status, ItemStatus::kFailed) << name;
    EXPECT_EQ(item.rule, "C-24");
    EXPECT_THAT(item.reason, HasSubstr("it begins from the initialSavepointPath "
                                       "'s3://bound/ws/p/elsewhere', which is no snapshot of the "
                                       "project"));
  }
  EXPECT_EQ(ItemOf(plan, {"deployment", "known"}).snapshot_from, "s3://bound/ws/p/sp/sp-1");
  EXPECT_EQ(ItemOf(plan, {"deployment", "anew"}).reason, "");
}

TEST_F(CloneStateRules, C_24_AJobThatHasNeverRunHasNothingToLose) {
  Source("deployment", "orders", SqlJob());
  const Item item = ItemOf(Plan(), orders);
  EXPECT_EQ(item.status, ItemStatus::kPending);
  EXPECT_EQ(item.reason, "");
  EXPECT_EQ(StrategyOf(item), (Json{{"kind", "NONE"}}));
}

TEST_F(CloneStateRules, C_23_TimesAreComparedNotTheirSpellings) {
  Source("deployment", "orders", SqlJob());
  // The same time twice: the name decides, not the digits.
  WholeSnapshot("sp-1", "orders", "2025-12-31T23:30:00.10Z");
  WholeSnapshot("sp-2", "orders", "2025-12-31T23:30:00.1Z");
  EXPECT_EQ(ItemOf(Plan(), orders).snapshot_from, "s3://bound/ws/p/sp/sp-2");
  // What is no time is not newer than a time.
  WholeSnapshot("sp-3", "orders", "yesterday");
  EXPECT_EQ(ItemOf(Plan(), orders).snapshot_from, "s3://bound/ws/p/sp/sp-2");
  WholeSnapshot("sp-0", "orders", "2025-12-31T23:30:00.100000001Z");
  EXPECT_EQ(ItemOf(Plan(), orders).snapshot_from, "s3://bound/ws/p/sp/sp-0");
}

TEST_F(CloneStateRules, C_24_TheNewestValidStateIsTakenWhenANewerOneIsBroken) {
  Source("deployment", "orders", SqlJob());
  WholeSnapshot("sp-1", "orders", "2025-12-31T22:00:00Z");
  WholeSnapshot("sp-2", "orders", "2025-12-31T23:00:00Z");
  WholeSnapshot("sp-3", "orders", "2025-12-31T23:30:00Z");
  ASSERT_TRUE(bucket->Delete("ws/p/sp/sp-3/_metadata"));
  const auto plan = Plan();
  const Item& item = ItemOf(plan, orders);
  EXPECT_EQ(item.status, ItemStatus::kPending);
  EXPECT_EQ(item.reason, "");
  EXPECT_EQ(item.snapshot_from, "s3://bound/ws/p/sp/sp-2");
  EXPECT_EQ(item.snapshot_record.key.name, "sp-2");
  EXPECT_THAT(Said(plan, "C-24"), ElementsAre(AllOf(HasSubstr("'orders'"), HasSubstr("'sp-2'"),
                                                    HasSubstr("'sp-3'"), HasSubstr("_metadata"))));
  EXPECT_EQ(plan.snapshots.at(0).snapshot.name, "sp-2");
}

TEST_F(CloneStateRules, C_24_NoMoreThanTenOlderSnapshotsAreLookedAt) {
  Source("deployment", "orders", SqlJob());
  WholeSnapshot("whole", "orders", "2025-12-31T20:00:00Z");
  // The newest and nine before it have no files at all.
  for (int i = 0; i < 10; ++i)
    Snapshot("gone-" + std::to_string(i), "orders", "2025-12-31T21:0" + std::to_string(i) + ":00Z");
  auto plan = Plan();
  EXPECT_EQ(ItemOf(plan, orders).snapshot_from, "s3://bound/ws/p/sp/whole");
  EXPECT_THAT(Said(plan, "C-25"), ElementsAre(HasSubstr("the newest whole snapshot of")));
  Snapshot("gone-10", "orders", "2025-12-31T21:10:00Z");
  plan = Plan();
  EXPECT_EQ(ItemOf(plan, orders).status, ItemStatus::kFailed);
  EXPECT_THAT(ItemOf(plan, orders).reason,
              AllOf(HasSubstr("'gone-10'"), HasSubstr("of the 10 newest of the 11 before it")));
}

TEST_F(CloneStateRules, C_24_ASnapshotThatMayNotBeReadIsNotPassedOver) {
  Source("deployment", "orders", SqlJob());
  WholeSnapshot("sp-1", "orders", "2025-12-31T22:00:00Z");
  WholeSnapshot("sp-2", "orders", "2025-12-31T23:30:00Z");
  bucket->Fail({.op = fakes::BackendOp::kReadRange,
                .key_contains = "sp-2/_metadata",
                .error = Error(ErrorCode::kPermission, "403")});
  const Item item = ItemOf(Plan(), orders);
  EXPECT_EQ(item.status, ItemStatus::kFailed);
  EXPECT_EQ(item.category, "storage_access");
}

TEST_F(CloneStateRules, C_24_AJobWhoseSnapshotsAreAllBrokenIsFoundBefore) {
  for (const char* name : {"orders", "lost", "cut", "whole"}) {
    Source("deployment", name, SqlJob());
    WholeSnapshot(std::string("old-") + name, name, "2025-12-31T22:00:00Z");
    if (name != std::string("whole")) {
      ASSERT_TRUE(bucket->Delete(std::string("ws/p/sp/old-") + name + "/_metadata"));
    }
    WholeSnapshot(std::string("new-") + name, name, "2025-12-31T23:30:00Z");
  }
  ASSERT_TRUE(bucket->Delete("ws/p/sp/new-orders/_metadata"));
  ASSERT_TRUE(bucket->Delete("ws/p/sp/new-lost/d845781d-163d-470c-9619-2c3570bb875a"));
  PutFile("s3://bound/ws/p/sp/new-cut/_metadata", "no metadata");
  const auto plan = Plan();
  EXPECT_TRUE(plan.ok());
  for (const char* name : {"orders", "lost", "cut"}) {
    const Item& item = ItemOf(plan, {"deployment", name});
    EXPECT_EQ(item.status, ItemStatus::kFailed) << name;
    EXPECT_EQ(item.rule, "C-24");
    EXPECT_EQ(item.category, "state");
    EXPECT_THAT(item.reason, HasSubstr(std::string("new-") + name));
  }
  EXPECT_THAT(ItemOf(plan, {"deployment", "lost"}).reason, HasSubstr("d845781d"));
  EXPECT_EQ(ItemOf(plan, {"deployment", "whole"}).status, ItemStatus::kPending);
}

TEST_F(CloneStateRules, C_25_TheAgeOfEachSnapshotIsTold) {
  Source("deployment", "orders", SqlJob());
  Source("deployment", "fresh", SqlJob());
  WholeSnapshot("sp-1", "orders", "2025-12-31T22:59:59Z");
  WholeSnapshot("sp-2", "fresh", "2025-12-31T23:00:00Z");
  auto plan = Plan();
  ASSERT_THAT(plan.snapshots, SizeIs(2));
  EXPECT_EQ(plan.snapshots[0].job.name, "fresh");
  EXPECT_EQ(plan.snapshots[0].age, std::chrono::hours(1));
  EXPECT_GT(plan.snapshots[0].size_bytes, 1'000'000u);
  EXPECT_EQ(plan.snapshots[1].age, std::chrono::seconds(3601));
  EXPECT_THAT(Said(plan, "C-25"),
              ElementsAre(AllOf(HasSubstr("'orders'"), HasSubstr("1 h 0 min"))));
  request.max_snapshot_age = std::chrono::hours(2);
  EXPECT_THAT(Said(Plan(), "C-25"), IsEmpty());
}

TEST_F(CloneStateRules, C_38_TheCloneRestoresFromItsOwnSnapshot) {
  Source("deployment", "orders",
         SqlJob("SELECT 1", R"(, "restoreStrategy": {"kind": "FROM_SAVEPOINT",
                                   "savepointId": "long-ago", "allowNonRestoredState": true})"));
  Job("orders", "CANCELLED");
  WholeSnapshot("sp-1", "orders", "2025-12-31T23:30:00Z");
  Target("deployment", "orders", SqlJob());
  const auto plan = Plan();
  const Item& item = ItemOf(plan, orders);
  EXPECT_EQ(
      StrategyOf(item),
      (Json{{"kind", "FROM_SAVEPOINT"}, {"savepointId", "sp-1"}, {"allowNonRestoredState", true}}));
  EXPECT_EQ(item.snapshot_to, "managed:///store/p/snapshots/sp-1");
  EXPECT_EQ(item.snapshot_record.key, (EntityKey{"snapshot", "sp-1"}));
  const Json& record = item.snapshot_record.body;
  EXPECT_EQ(record["deployment"], "orders-clone-1");
  EXPECT_EQ(record["savepointLocation"], item.snapshot_to);
  EXPECT_EQ(record["savepointOrigin"], "COPIED");
  EXPECT_EQ(record["createdAt"], "2025-12-31T23:30:00Z");
  EXPECT_GT(item.bytes_total, 1'000'000u);
}

TEST_F(CloneStateRules, C_38_HowABucketIsReachedStaysOutOfBodies) {
  places.Register(At("oss://b/"), other_bucket);
  PutWorkspace("dst", "x86", R"({"bucket": "oss://b/ws?region=cn-hangzhou"})");
  Source("deployment", "orders", SqlJob());
  WholeSnapshot("sp-1", "orders", "2025-12-31T23:30:00Z");
  const auto plan = Plan();
  const Item& item = ItemOf(plan, orders);
  EXPECT_EQ(item.snapshot_to, "oss://b/ws/p/snapshots/sp-1?region=cn-hangzhou");
  EXPECT_EQ(item.snapshot_record.body["savepointLocation"], "oss://b/ws/p/snapshots/sp-1");
}

TEST_F(CloneStateRules, C_38_NoTwoSnapshotsShareADirectory) {
  Source("deployment", "orders", SqlJob());
  WholeSnapshot("sp-1", "orders", "2025-12-31T23:30:00Z");
  Target("snapshot", "sp-1", "{}");                                   // taken as an entity
  PutFile("managed:///store/p/snapshots/sp-1-clone-1/part", "left");  // and as a directory
  const Item item = ItemOf(Plan(), orders);
  EXPECT_EQ(item.snapshot_record.key.name, "sp-1-clone-2");
  EXPECT_EQ(item.snapshot_to, "managed:///store/p/snapshots/sp-1-clone-2");
}

TEST_F(CloneStateRules, C_39_WithoutStateNoSnapshotIsLookedAt) {
  Source("deployment", "orders",
         SqlJob("SELECT 1", R"(, "restoreStrategy": {"kind": "LATEST_STATE"})"));
  WholeSnapshot("sp-1", "orders", "2025-12-31T23:30:00Z");
  request.state = StateStrategy::kStateless;
  const auto looks = [&] {
    return bucket->calls(fakes::BackendOp::kStat) + bucket->calls(fakes::BackendOp::kReadRange);
  };
  const auto before = looks();
  const auto plan = Plan();
  const Item& item = ItemOf(plan, orders);
  EXPECT_EQ(StrategyOf(item), (Json{{"kind", "NONE"}}));
  EXPECT_EQ(item.snapshot_from + item.snapshot_to, "");
  EXPECT_EQ(item.snapshot_record.key.kind, "");
  EXPECT_EQ(item.reason, "");
  EXPECT_EQ(item.bytes_total, 0u);
  EXPECT_THAT(plan.snapshots, IsEmpty());
  EXPECT_EQ(looks(), before);
}

TEST_F(CloneStateRules, C_39_AStartTimeOfAJobThatStartsAnewStays) {
  const std::string none =
      R"(, "restoreStrategy": {"kind": "NONE", "jobStartTimeInMs": 1700000000000})";
  Source("deployment", "orders", SqlJob("SELECT 1", none));
  request.state = StateStrategy::kStateless;
  EXPECT_EQ(StrategyOf(ItemOf(Plan(), orders))["jobStartTimeInMs"], 1700000000000);
}

TEST_F(CloneStateRules, C_40_RunningJobsAreSkipped) {
  Source("variable", "topic", R"({"kind": "Plain", "value": "x"})");
  for (const char* name : {"orders", "starting", "done"})
    Source("deployment", name, SqlJob("SELECT '${secret_values.topic}'"));
  Job("orders", "RUNNING");
  Job("starting", "STARTING");
  Job("done", "FINISHED");
  WholeSnapshot("sp-1", "done", "2025-12-31T23:30:00Z");
  const auto plan = Plan();
  for (const char* name : {"orders", "starting"}) {
    const Item& item = ItemOf(plan, {"deployment", name});
    EXPECT_EQ(item.status, ItemStatus::kSkippedRunning) << name;
    EXPECT_EQ(item.to.name, "");
    EXPECT_EQ(item.rule, "C-40");
  }
  EXPECT_EQ(ItemOf(plan, {"deployment", "done"}).status, ItemStatus::kPending);
}

TEST_F(CloneStateRules, C_40_WhatOnlyASkippedJobNeedsIsNotBrought) {
  Source("variable", "topic", R"({"kind": "Plain", "value": "x"})");
  Source("deployment", "orders", SqlJob("SELECT '${secret_values.topic}'"));
  Job("orders", "RUNNING");
  request.selection.kinds = {"deployment"};
  EXPECT_THAT(Made(Plan()), ElementsAre("deployment orders -> "));
}

TEST_F(CloneStateRules, C_40_BatchJobsAreNeverSkippedAndHaveNoState) {
  Source("deployment", "orders",
         R"({"engineVersion": "4.0.18", "executionMode": "BATCH",
             "artifact": {"kind": "SQLSCRIPT", "sqlScript": "SELECT 1"}})");
  Job("orders", "RUNNING");
  Snapshot("sp-1", "orders", "2025-12-31T23:30:00Z");
  const Item item = ItemOf(Plan(), orders);
  EXPECT_EQ(item.status, ItemStatus::kPending);
  EXPECT_EQ(item.snapshot_from, "");
  EXPECT_EQ(StrategyOf(item)["kind"], "NONE");
}

TEST_F(CloneStateRules, C_41_RunningJobsComeAlongWhenAsked) {
  Source("deployment", "orders", SqlJob());
  Job("orders", "RUNNING");
  WholeSnapshot("sp-1", "orders", "2025-12-31T23:30:00Z");
  request.running = RunningStrategy::kInclude;
  const Item item = ItemOf(Plan(), orders);
  EXPECT_EQ(item.status, ItemStatus::kPending);
  EXPECT_EQ(item.snapshot_from, "s3://bound/ws/p/sp/sp-1");
}

TEST_F(CloneStateRules, C_29_NoRunOfAJobIsMade) {
  Source("deployment", "orders", SqlJob());
  Job("orders", "FINISHED");
  WholeSnapshot("sp-1", "orders", "2025-12-31T23:30:00Z");
  Source("session-cluster", "preview",
         R"({"engineVersion": "vvr-8.0.5-flink-1.17", "status": {"state": "RUNNING"}})");
  const auto plan = Plan();
  EXPECT_THAT(Made(plan), ElementsAre("session-cluster preview", "deployment orders"));
  EXPECT_FALSE(ItemOf(plan, {"session-cluster", "preview"}).body.contains("status"));
}

}  // namespace
}  // namespace stateferry::state::clone
