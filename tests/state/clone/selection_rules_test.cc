// What is cloned: C-07, C-08, C-09, C-30, C-36, C-37.
#include "tests/state/clone/clone_rig.h"

namespace stateferry::state::clone {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

class CloneSelectionRules : public CloneRig {
 protected:
  void PutWholeProject() {
    Source("variable", "pw", R"({"kind": "Plain", "value": "x"})");
    Source("variable", "unused", R"({"kind": "Plain", "value": "x"})");
    Source("resource-file", "lib/udf.jar", R"({"uri": "s3://bound/ws/p/files/lib/udf.jar"})");
    PutFile("s3://bound/ws/p/files/lib/udf.jar", "jar");
    Source("udf-artifact", "udfs", R"({"jarUrl": "s3://bound/ws/p/files/lib/udf.jar"})");
    Source("udf-function", "hash_it", R"({"udfArtifactName": "udfs", "className": "a.H"})");
    Source("connector", "my-sink", "{}");
    Source("catalog", "hive", R"({"properties": {"password": "${secret_values.pw}"}})");
    Source("session-cluster", "preview", R"({"engineVersion": "vvr-8.0.5-flink-1.17"})");
    Source("folder", "etl");
    Source("folder", "etl/daily");
    Source("draft", "orders_draft",
           SqlJob("SELECT 3", R"(, "folder": "etl/daily", "version": 3, "history": [
             {"version": 1, "artifact": {"kind": "SQLSCRIPT", "sqlScript": "SELECT 1"}},
             {"version": 2, "artifact": {"kind": "SQLSCRIPT", "sqlScript": "SELECT 2"}}],
             "referencedDeployment": "orders")"));
    Source("deployment", "orders",
           SqlJob("USE CATALOG hive;\n"
                  "INSERT INTO s SELECT HASH_IT (x) FROM t /*+ OPTIONS('connector'='my-sink') */",
                  R"(, "deploymentTarget": {"mode": "SESSION", "name": "preview"},
                      "referencedDraft": "orders_draft")"));
    Source("deployment", "other", SqlJob());
  }
};

TEST_F(CloneSelectionRules, C_36_EverythingIsMadeInTheOrderOfWhatItNeeds) {
  PutWholeProject();
  const auto plan = Plan();
  EXPECT_THAT(
      Made(plan),
      ElementsAre("variable pw", "variable unused", "resource-file lib/udf.jar",
                  "udf-artifact udfs", "udf-function hash_it", "connector my-sink", "catalog hive",
                  "session-cluster preview", "folder etl", "folder etl/daily", "draft orders_draft",
                  "deployment orders", "deployment other"));
  for (std::size_t i = 0; i < plan.items.size(); ++i) EXPECT_EQ(plan.items[i].index, i);
  EXPECT_THAT(plan.dependencies, IsEmpty());
}

TEST_F(CloneSelectionRules, C_36_OnlyWhatIsSelectedAndWhatThatNeeds) {
  PutWholeProject();
  request.selection = {.kinds = {"deployment"}, .names = {"ord*"}};
  const auto plan = Plan();
  EXPECT_THAT(Made(plan),
              ElementsAre("variable pw", "resource-file lib/udf.jar", "udf-artifact udfs",
                          "udf-function hash_it", "connector my-sink", "catalog hive",
                          "session-cluster preview", "deployment orders"));
  std::vector<std::string> needed;
  for (const auto& [key, by] : plan.dependencies) needed.push_back(key.name + " by " + by.name);
  EXPECT_THAT(needed, ElementsAre("preview by orders", "hive by orders", "my-sink by orders",
                                  "hash_it by orders", "pw by hive", "udfs by hash_it",
                                  "lib/udf.jar by udfs"));
}

TEST_F(CloneSelectionRules, C_36_ADraftBringsItsFoldersButNotItsJob) {
  PutWholeProject();
  request.selection = {.kinds = {"draft"}, .names = {}};
  const auto plan = Plan();
  EXPECT_THAT(Made(plan), ElementsAre("folder etl", "folder etl/daily", "draft orders_draft"));
  // The job that it belongs to is not there.
  EXPECT_FALSE(ItemOf(plan, {"draft", "orders_draft"}).body.contains("referencedDeployment"));
}

TEST_F(CloneSelectionRules, C_36_AnEmptySelectionIsRefused) {
  PutWholeProject();
  request.selection = {.kinds = {}, .names = {"nothing-is-called-so"}};
  ExpectRefused(Plan(), "C-36", "usage", ErrorCode::kInvalidArgument, "nothing-is-called-so");
}

TEST_F(CloneSelectionRules, C_36_GlobsMatchWholeNames) {
  for (const char* name : {"orders", "orders-2", "my-orders", "a/orders"}) Source("folder", name);
  Source("folder", "a");
  const auto made_by = [&](const std::string& glob) {
    request.selection.names = {glob};
    return Made(Plan());
  };
  EXPECT_THAT(made_by("orders"), ElementsAre("folder orders"));
  EXPECT_THAT(made_by("orders*"), ElementsAre("folder orders", "folder orders-2"));
  EXPECT_THAT(made_by("*o?ders"),
              ElementsAre("folder a", "folder my-orders", "folder orders", "folder a/orders"));
  EXPECT_THAT(made_by("orders-?"), ElementsAre("folder orders-2"));
}

TEST_F(CloneSelectionRules, C_37_WhatCannotBeMeantIsRefused) {
  Source("folder", "f");
  const auto refused = [&](const CloneRequest& bad, const std::string& words) {
    CloneRequest good = std::exchange(request, bad);
    ExpectRefused(Plan(), "C-37", "usage", ErrorCode::kInvalidArgument, words);
    request = std::move(good);
  };
  CloneRequest bad = request;
  bad.selection.kinds = {"jobs"};
  refused(bad, "'jobs'");
  bad = request;
  bad.selection.names = {""};
  refused(bad, "empty");
  bad = request;
  bad.max_snapshot_age = std::chrono::seconds(-1);
  refused(bad, "-1 s");
  bad = request;
  bad.name_template = "x_{version}";
  refused(bad, "{version}");
  EXPECT_TRUE(Plan().ok());
}

TEST_F(CloneSelectionRules, C_07_ExcludedKindsAreCountedAndNeverMade) {
  Source("deployment", "orders", SqlJob());
  Source("scheduled-plan", "nightly", R"({"deployment": "orders"})");
  for (const char* queue : {"default-queue", "fast"}) Source("queue", queue);
  for (const char* member : {"a", "b", "c"}) Source("member", member, R"({"role": "OWNER"})");
  const auto plan = Plan();
  EXPECT_THAT(Made(plan), ElementsAre("deployment orders"));
  EXPECT_THAT(plan.excluded, ElementsAre(Pair("alert", 0u), Pair("orchestration", 1u),
                                         Pair("permission", 3u), Pair("queue", 2u)));
}

TEST_F(CloneSelectionRules, C_07_AnExcludedKindCannotBeSelected) {
  Source("queue", "fast");
  request.selection.kinds = {"queue"};
  const auto plan = Plan();
  EXPECT_THAT(Said(plan, "C-07"), ElementsAre(HasSubstr("queue is never cloned")));
  EXPECT_FALSE(plan.ok());
}

TEST_F(CloneSelectionRules, C_07_JobsAndClustersGetTheDefaultQueueOfTheTarget) {
  Source("queue", "fast");
  const std::string in_queue = R"(, "deploymentTarget": {"mode": "PER_JOB", "name": ")";
  Source("deployment", "orders", SqlJob("SELECT 1", in_queue + "fast\"}"));
  Source("deployment", "payments", SqlJob("SELECT 1", in_queue + "main\"}"));
  Source("session-cluster", "preview",
         R"({"engineVersion": "vvr-8.0.5-flink-1.17", "deploymentTargetName": "fast"})");
  const auto plan = Plan();
  EXPECT_EQ(ItemOf(plan, {"deployment", "orders"}).body["deploymentTarget"]["name"], "main");
  EXPECT_EQ(ItemOf(plan, {"session-cluster", "preview"}).body["deploymentTargetName"], "main");
  // Nothing to say of the one that was in a queue of that name.
  EXPECT_THAT(Said(plan, "C-07"),
              ElementsAre(AllOf(HasSubstr("'preview'"), HasSubstr("'fast'"), HasSubstr("'main'")),
                          AllOf(HasSubstr("'orders'"), HasSubstr("'fast'"), HasSubstr("'main'"))));
}

TEST_F(CloneSelectionRules, C_08_TheNewestDraftAndThePublishedJob) {
  PutWholeProject();
  const auto plan = Plan();
  const Json& draft = ItemOf(plan, {"draft", "orders_draft"}).body;
  EXPECT_EQ(draft["artifact"]["sqlScript"], "SELECT 3");
  EXPECT_EQ(draft["referencedDeployment"], "orders");
  const Json& job = ItemOf(plan, {"deployment", "orders"}).body;
  EXPECT_THAT(job["artifact"]["sqlScript"].get<std::string>(), HasSubstr("HASH_IT"));
  EXPECT_EQ(job["referencedDraft"], "orders_draft");
}

TEST_F(CloneSelectionRules, C_09_NoHistoryTravels) {
  PutWholeProject();
  const Json draft = ItemOf(Plan(), {"draft", "orders_draft"}).body;
  EXPECT_FALSE(draft.contains("history"));
  EXPECT_FALSE(draft.contains("version"));
}

TEST_F(CloneSelectionRules, C_30_ReferencesToNothingAreTold) {
  Source("deployment", "orders",
         SqlJob("SELECT '${secret_values.gone}' AS x,\n '${topic}' AS y",
                R"(, "deploymentTarget": {"mode": "SESSION", "name": "lost"},
                    "localVariables": [{"name": "topic", "value": "t"}])"));
  const auto plan = Plan();
  EXPECT_TRUE(plan.ok());
  EXPECT_THAT(Said(plan, "C-30"),
              ElementsAre(AllOf(HasSubstr("session-cluster 'lost'"), HasSubstr("'orders'")),
                          AllOf(HasSubstr("variable 'gone'"), HasSubstr("line 1"))));
}

TEST_F(CloneSelectionRules, C_19_WhatAStoppedCloneLeftIsNoPartOfTheSource) {
  Source("folder", "whole");
  Put("src/p", "folder", "half", "{}", "clone-1", catalog::Phase::kInitializing);
  const auto plan = Plan();
  EXPECT_THAT(Made(plan), ElementsAre("folder whole"));
  EXPECT_THAT(Said(plan, "C-19"), ElementsAre(HasSubstr("'half'")));
}

TEST_F(CloneSelectionRules, C_01_AnEntityThatTheTargetWouldRefuseFailsAlone) {
  Source("folder", "good");
  Source("deployment", "bad", R"({"engineVersion": "vvr-8.0.5-flink-1.17"})");
  const auto plan = Plan();
  EXPECT_TRUE(plan.ok());
  const Item& bad = ItemOf(plan, {"deployment", "bad"});
  EXPECT_EQ(bad.status, ItemStatus::kFailed);
  EXPECT_EQ(bad.category, "dependency");
  EXPECT_THAT(bad.reason, HasSubstr("artifact"));
  EXPECT_EQ(ItemOf(plan, {"folder", "good"}).status, ItemStatus::kPending);
}

}  // namespace
}  // namespace stateferry::state::clone
