// What things are called at the target: C-18, C-20, C-26, C-27, C-52.
#include "tests/state/clone/clone_rig.h"

namespace stateferry::state::clone {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CloneNameRules : public CloneRig {
 protected:
  static std::vector<std::string> Renamed(const ClonePlan& plan) {
    std::vector<std::string> renamed;
    for (const Rename& one : plan.renames)
      renamed.push_back(one.from.kind + " " + one.from.name + " -> " + one.to);
    return renamed;
  }
};

TEST_F(CloneNameRules, C_26_TakenNamesGetTheLowestFreeNumber) {
  Source("deployment", "orders", SqlJob());
  Source("deployment", "free", SqlJob());
  Source("variable", "topic", R"({"kind": "Plain", "value": "x"})");
  for (const char* name : {"orders", "orders-clone-1", "orders-clone-3"})
    Target("deployment", name, SqlJob());
  Target("variable", "topic", R"({"kind": "Plain", "value": "y"})");
  const auto plan = Plan();
  EXPECT_THAT(Renamed(plan), ElementsAre("variable topic -> topic_clone_1",
                                         "deployment orders -> orders-clone-2"));
}

TEST_F(CloneNameRules, C_26_NamesOfTheCloneItselfAreTakenToo) {
  Source("deployment", "orders", SqlJob());
  Source("deployment", "orders-clone-1", SqlJob());
  Target("deployment", "orders", SqlJob());
  const auto plan = Plan();
  // The one whose name is free keeps it, although it comes later.
  EXPECT_THAT(Renamed(plan), ElementsAre("deployment orders -> orders-clone-2"));
}

TEST_F(CloneNameRules, C_26_ReferencesFollowTheNewNames) {
  Source("udf-artifact", "udfs", R"({"jarUrl": "https://example.org/u.jar"})");
  Source("udf-function", "hash_it", R"({"udfArtifactName": "udfs", "className": "a.H"})");
  Source("session-cluster", "preview", R"({"engineVersion": "vvr-8.0.5-flink-1.17"})");
  Source("folder", "etl");
  Source("folder", "etl/daily");
  Source("query-script", "etl/top",
         R"({"sqlScript": "SELECT 1", "sessionClusterName": "preview"})");
  Source("draft", "d", SqlJob("SELECT 1", R"(, "folder": "etl/daily",
                                              "referencedDeployment": "orders")"));
  Source("deployment", "orders",
         SqlJob("SELECT 1", R"(, "deploymentTarget": {"mode": "SESSION", "name": "preview"},
                                "referencedDraft": "d")"));
  Target("udf-artifact", "udfs", R"({"jarUrl": "https://example.org/u.jar"})");
  Target("session-cluster", "preview", R"({"engineVersion": "vvr-8.0.5-flink-1.17"})");
  Target("folder", "etl");
  Target("draft", "d", SqlJob());
  Target("deployment", "orders", SqlJob());
  const auto plan = Plan();
  EXPECT_EQ(ItemOf(plan, {"udf-function", "hash_it"}).body["udfArtifactName"], "udfs-clone-1");
  EXPECT_EQ(ItemOf(plan, {"folder", "etl/daily"}).to.name, "etl-clone-1/daily");
  EXPECT_EQ(ItemOf(plan, {"query-script", "etl/top"}).to.name, "etl-clone-1/top");
  EXPECT_EQ(ItemOf(plan, {"query-script", "etl/top"}).body["sessionClusterName"],
            "preview-clone-1");
  const Json& draft = ItemOf(plan, {"draft", "d"}).body;
  EXPECT_EQ(draft["folder"], "etl-clone-1/daily");
  EXPECT_EQ(draft["referencedDeployment"], "orders-clone-1");
  const Json& job = ItemOf(plan, {"deployment", "orders"}).body;
  EXPECT_EQ(job["deploymentTarget"]["name"], "preview-clone-1");
  EXPECT_EQ(job["referencedDraft"], "d-clone-1");
}

TEST_F(CloneNameRules, C_26_TextThatMeansARenamedVariableIsTold) {
  Source("variable", "topic", R"({"kind": "Plain", "value": "x"})");
  Source("deployment", "orders", SqlJob("SELECT 1;\nSELECT '${secret_values.topic}'"));
  Target("variable", "topic", R"({"kind": "Plain", "value": "y"})");
  const auto plan = Plan();
  EXPECT_THAT(Said(plan, "C-26"),
              ElementsAre(AllOf(HasSubstr("'topic_clone_1'"), HasSubstr("line 2"))));
}

TEST_F(CloneNameRules, C_26_WithoutALegalNameItIsRefused) {
  // A path of eight parts whose folder becomes longer at the target.
  const std::string part(124, 'a');
  std::string path = part;
  for (int i = 0; i < 7; ++i) {
    Source("folder", path);
    path += "/" + part;
  }
  Source("query-script", path, R"({"sqlScript": "SELECT 1"})");
  ASSERT_EQ(path.size(), 999u);
  EXPECT_TRUE(Plan().ok());
  Target("folder", part);
  ExpectRefused(Plan(), "C-26", "limit", ErrorCode::kRefused, "1000 at most");
}

TEST_F(CloneNameRules, C_27_EveryNewNameIsInTheListAndNoOther) {
  for (const char* name : {"a", "b", "c"}) Source("deployment", name, SqlJob());
  Target("deployment", "b", SqlJob());
  const auto plan = Plan();
  std::vector<std::string> differ;
  for (const Item& item : plan.items)
    if (item.from.name != item.to.name)
      differ.push_back(item.from.kind + " " + item.from.name + " -> " + item.to.name);
  EXPECT_EQ(Renamed(plan), differ);
  EXPECT_EQ(differ.size(), 1u);
}

TEST_F(CloneNameRules, C_20_AnEarlierCloneIsNamed) {
  Source("deployment", "orders", SqlJob());
  EXPECT_THAT(Said(Plan(), "C-20"), IsEmpty());
  Put("dst/p", "deployment", "orders", SqlJob(), "clone-20251231-1");
  const auto plan = Plan();
  EXPECT_TRUE(plan.ok());
  EXPECT_THAT(Said(plan, "C-20"), ElementsAre(HasSubstr("clone-20251231-1")));
  EXPECT_THAT(Renamed(plan), ElementsAre("deployment orders -> orders-clone-1"));
}

TEST_F(CloneNameRules, C_18_ThatNothingCanBeUndoneIsSaidBefore) {
  Source("folder", "f");
  EXPECT_THAT(Said(Plan(), "C-18"), ElementsAre(HasSubstr("cannot be undone")));
}

TEST_F(CloneNameRules, C_52_JobsAreNamedAfterTheTemplate) {
  Source("deployment", "orders", SqlJob());
  Source("draft", "d", SqlJob());
  Source("variable", "topic", R"({"kind": "Plain", "value": "x"})");
  request.name_template = "Backup_{date:%Y%m%d}";
  EXPECT_THAT(Made(Plan()), ElementsAre("variable topic", "draft d -> Backup_20260101_d",
                                        "deployment orders -> Backup_20260101_orders"));
  request.name_template = "{name}.{date:%H%M}";
  EXPECT_THAT(Made(Plan()), ElementsAre("variable topic", "draft d -> d.0000",
                                        "deployment orders -> orders.0000"));
}

TEST_F(CloneNameRules, C_52_TemplatesThatMakeTwoNamesEqualAreNumbered) {
  Source("deployment", "a", SqlJob());
  Target("deployment", "x_a", SqlJob());
  request.name_template = "x";
  EXPECT_THAT(Made(Plan()), ElementsAre("deployment a -> x_a-clone-1"));
}

TEST_F(CloneNameRules, C_52_ATemplateThatMakesIllegalNamesIsRefused) {
  Source("deployment", "a", SqlJob());
  request.name_template = "-{name}";
  ExpectRefused(Plan(), "C-26", "limit", ErrorCode::kRefused, "'-a'");
}

TEST_F(CloneNameRules, C_52_ABackupWantsAnEmptyTarget) {
  Source("deployment", "orders", SqlJob());
  request.label = "backup";
  EXPECT_THAT(Said(Plan(), "C-52"), IsEmpty());  // members and queues do not count
  Target("folder", "f");
  EXPECT_THAT(Said(Plan(), "C-52"), ElementsAre(HasSubstr("entities there: 1")));
  request.label = "";
  EXPECT_THAT(Said(Plan(), "C-52"), IsEmpty());
}

}  // namespace
}  // namespace stateferry::state::clone
