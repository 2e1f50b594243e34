// Files, the bucket they are read from, and text that names catalogs: C-21, C-22, C-28, C-30, C-32,
// C-33.
#include "tests/state/clone/clone_rig.h"

namespace stateferry::state::clone {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class CloneFileRules : public CloneRig {
 protected:
  const EntityKey orders{"deployment", "orders"};

  static std::string JarJob(const std::string& uri, const std::string& more = "") {
    return R"({"engineVersion": "vvr-8.0.5-flink-1.17", "artifact": {"kind": "JAR", "jarUri": ")" +
           uri + "\"" + more + "}}";
  }
  static std::vector<std::string> Moves(const Item& item) {
    std::vector<std::string> moves;
    for (const auto& [from, to] : item.files) moves.push_back(from + " -> " + to);
    return moves;
  }
  void Deny(fakes::BackendOp op) {
    bucket->Fail({.op = op, .times = 100, .error = Error(ErrorCode::kPermission, "AccessDenied")});
  }
};

TEST_F(CloneFileRules, C_21_WithoutListItIsRefused) {
  PutFile("s3://bound/ws/p/files/a.jar", "a");
  Source("folder", "f");
  Deny(fakes::BackendOp::kList);
  const auto plan = Plan();
  ExpectRefused(plan, "C-21", "storage_access", ErrorCode::kPermission, "'bound'");
  EXPECT_THAT(Said(plan, "C-21"),
              ElementsAre(AllOf(HasSubstr("s3:ListBucket"),
                                HasSubstr("arn:sts::1060219998962774:assumed-role/"
                                          "aliyunstreamasidefaultrole/refresh_token"))));
  ASSERT_THAT(plan.findings, Not(IsEmpty()));
  EXPECT_THAT(plan.findings.front().hint, HasSubstr("policy print --principal arn:sts::"));
  EXPECT_THAT(plan.findings.front().hint, HasSubstr("bound/ws"));
}

TEST_F(CloneFileRules, C_21_WithoutGetItIsRefused) {
  PutFile("s3://bound/ws/p/files/a.jar", "a");
  Source("folder", "f");
  request.storage_reader = "arn:aws:iam::1:role/reader";
  Deny(fakes::BackendOp::kReadRange);
  const auto plan = Plan();
  ExpectRefused(plan, "C-21", "storage_access", ErrorCode::kPermission, "s3:GetObject");
  EXPECT_THAT(Said(plan, "C-21"), ElementsAre(HasSubstr("arn:aws:iam::1:role/reader")));
}

TEST_F(CloneFileRules, C_21_OssCallsItsActionsOtherwise) {
  places.Register(At("oss://bound/"), bucket);
  PutWorkspace("src", "x86", R"({"bucket": "oss://bound/ws"})");
  Deny(fakes::BackendOp::kList);
  Source("folder", "f");
  ExpectRefused(Plan(), "C-21", "storage_access", ErrorCode::kPermission, "oss:ListObjects");
}

TEST_F(CloneFileRules, C_21_AnEmptyBucketIsNoDenial) {
  Source("folder", "f");
  EXPECT_TRUE(Plan().ok());
}

TEST_F(CloneFileRules, C_22_TheSourceIsOnlyRead) {
  Source("resource-file", "a.jar", "{}");
  PutFile("s3://bound/ws/p/files/a.jar", "a");
  Source("deployment", "orders", JarJob("s3://bound/ws/p/files/a.jar"));
  WholeSnapshot("sp-1", "orders", "2025-12-31T23:30:00Z");
  using fakes::BackendOp;
  const auto writes = [&] {
    std::uint64_t calls = 0;
    for (const auto op : {BackendOp::kPut, BackendOp::kStartUpload, BackendOp::kCopy,
                          BackendOp::kDelete, BackendOp::kMakeDurable, BackendOp::kFlush})
      calls += bucket->calls(op);
    return calls;
  };
  const auto before = writes();
  EXPECT_TRUE(Plan().ok());
  EXPECT_EQ(writes(), before);
}

TEST_F(CloneFileRules, C_28_TextIsNeverChanged) {
  const std::string sql = "USE CATALOG hive;\n-- 'quoted'\nINSERT INTO hive.d.t SELECT 1\t;";
  Source("deployment", "orders", SqlJob(sql));
  Source("catalog", "hive", R"({"properties": {}})");
  Target("catalog", "hive", R"({"properties": {}})");
  EXPECT_EQ(ItemOf(Plan(), orders).body["artifact"]["sqlScript"], sql);
}

TEST_F(CloneFileRules, C_28_RenamedAndMissingCatalogsAreToldWithTheirLines) {
  Source("deployment", "orders",
         SqlJob("USE CATALOG hive;\nINSERT INTO paimon.d.t\nSELECT * FROM gone.d.s, own.d.u;\n"
                "USE CATALOG default_catalog;"));
  for (const char* name : {"hive", "paimon"}) Source("catalog", name, R"({"properties": {}})");
  for (const char* name : {"hive", "own"}) Target("catalog", name, R"({"properties": {}})");
  EXPECT_THAT(Said(Plan(), "C-28"),
              ElementsAre(AllOf(HasSubstr("'orders'"), HasSubstr("line 1"), HasSubstr("'hive'"),
                                HasSubstr("'hive_clone_1'")),
                          AllOf(HasSubstr("'orders'"), HasSubstr("line 3"), HasSubstr("'gone'"))));
}

TEST_F(CloneFileRules, C_32_FilesMoveWithWhatNeedsThem) {
  Source("resource-file", "lib/a.jar", R"({"sizeBytes": 3})");
  PutFile("s3://bound/ws/p/files/lib/a.jar", "aaa");
  PutFile("s3://bound/ws/p/files/raw.jar", "rr");
  PutFile("s3://bound/ws/p/jars/deep.jar", "d");
  Source("deployment", "orders",
         JarJob("s3://bound/ws/p/files/lib/a.jar",
                R"(, "additionalDependencies": ["s3://bound/ws/p/files/raw.jar",
                     "s3://bound/ws/p/jars/deep.jar", "lib/a.jar"])"));
  const auto plan = Plan();
  const Item& item = ItemOf(plan, orders);
  EXPECT_THAT(
      Moves(item),
      ElementsAre("s3://bound/ws/p/files/lib/a.jar -> managed:///store/p/files/lib/a.jar",
                  "s3://bound/ws/p/files/raw.jar -> managed:///store/p/files/raw.jar",
                  "s3://bound/ws/p/jars/deep.jar -> managed:///store/p/files/jars/deep.jar"));
  EXPECT_EQ(item.bytes_total, 6u);
  EXPECT_EQ(item.body["artifact"]["jarUri"], "managed:///store/p/files/lib/a.jar");
  EXPECT_EQ(item.body["artifact"]["additionalDependencies"],
            (Json{"managed:///store/p/files/raw.jar", "managed:///store/p/files/jars/deep.jar",
                  "lib/a.jar"}));
  EXPECT_THAT(Moves(ItemOf(plan, {"resource-file", "lib/a.jar"})),
              ElementsAre("s3://bound/ws/p/files/lib/a.jar -> managed:///store/p/files/lib/a.jar"));
}

TEST_F(CloneFileRules, C_32_FilesOfOneNameFromSeveralDirectoriesStayApart) {
  // Deeper ones are met later, and keep their name all the same.
  Source("deployment", "a", JarJob("s3://bound/ws/x.jar"));
  Source("deployment", "orders",
         JarJob("s3://bound/ws/p/x.jar",
                R"(, "additionalDependencies": ["s3://bound/ws/p/files/x.jar",
                     "s3://bound/ws/x.jar"])"));
  PutFile("s3://bound/ws/p/files/x.jar", "files");
  PutFile("s3://bound/ws/p/x.jar", "project");
  PutFile("s3://bound/ws/x.jar", "workspace");
  const auto plan = Plan();
  EXPECT_THAT(Moves(ItemOf(plan, orders)),
              ElementsAre("s3://bound/ws/p/x.jar -> managed:///store/p/files/x-clone-1.jar",
                          "s3://bound/ws/p/files/x.jar -> managed:///store/p/files/x.jar",
                          "s3://bound/ws/x.jar -> managed:///store/p/files/x-clone-2.jar"));
  const Json& artifact = ItemOf(plan, orders).body["artifact"];
  EXPECT_EQ(artifact["jarUri"], "managed:///store/p/files/x-clone-1.jar");
  EXPECT_EQ(artifact["additionalDependencies"],
            (Json{"managed:///store/p/files/x.jar", "managed:///store/p/files/x-clone-2.jar"}));
  EXPECT_THAT(Moves(ItemOf(plan, {"deployment", "a"})),
              ElementsAre("s3://bound/ws/x.jar -> managed:///store/p/files/x-clone-2.jar"));
  EXPECT_THAT(Said(plan, "C-26"),
              ElementsAre(AllOf(HasSubstr("s3://bound/ws/p/x.jar"), HasSubstr("'x-clone-1.jar'")),
                          AllOf(HasSubstr("s3://bound/ws/x.jar"), HasSubstr("'x-clone-2.jar'"))));
}

TEST_F(CloneFileRules, C_32_AFileIsNotTakenForTheEntityOfItsName) {
  Source("resource-file", "x.jar", R"({"uri": "s3://bound/ws/p/files/x.jar"})");
  PutFile("s3://bound/ws/p/files/x.jar", "files");
  PutFile("s3://bound/ws/p/x.jar", "project");
  Source("deployment", "orders", JarJob("s3://bound/ws/p/x.jar"));
  request.selection.kinds = {"deployment"};
  EXPECT_THAT(Made(Plan()), ElementsAre("deployment orders"));
  request.selection.kinds = {"deployment", "resource-file"};
  EXPECT_THAT(Moves(ItemOf(Plan(), orders)),
              ElementsAre("s3://bound/ws/p/x.jar -> managed:///store/p/files/x-clone-1.jar"));
}

TEST_F(CloneFileRules, C_32_APathThatNamesAnEntityMeansItsFile) {
  Source("resource-file", "x.jar", R"({"uri": "s3://bound/ws/p/jars/deep.jar"})");
  PutFile("s3://bound/ws/p/jars/deep.jar", "d");
  Target("resource-file", "x.jar", "{}");
  Source("deployment", "orders", JarJob("x.jar"));
  const auto plan = Plan();
  EXPECT_THAT(Said(plan, "C-30"), IsEmpty());
  EXPECT_THAT(
      Moves(ItemOf(plan, orders)),
      ElementsAre("s3://bound/ws/p/jars/deep.jar -> managed:///store/p/files/x-clone-1.jar"));
  EXPECT_EQ(ItemOf(plan, orders).body["artifact"]["jarUri"], "x-clone-1.jar");
}

TEST_F(CloneFileRules, C_26_FilesWhoseNameIsTakenAreRenamedAndJobsFollow) {
  Source("resource-file", "a.jar", R"({"uri": "s3://bound/ws/p/files/a.jar"})");
  PutFile("s3://bound/ws/p/files/a.jar", "new");
  PutFile("s3://bound/ws/p/files/raw.tar.gz", "new");
  PutFile("managed:///store/p/files/a.jar", "old");
  PutFile("managed:///store/p/files/raw.tar.gz", "old");
  Source("deployment", "orders",
         JarJob("a.jar", R"(, "additionalDependencies": ["s3://bound/ws/p/files/a.jar",
                                                         "s3://bound/ws/p/files/raw.tar.gz"])"));
  const auto plan = Plan();
  const Item& file = ItemOf(plan, {"resource-file", "a.jar"});
  EXPECT_EQ(file.to.name, "a-clone-1.jar");
  EXPECT_EQ(file.body["uri"], "managed:///store/p/files/a-clone-1.jar");
  const Json& artifact = ItemOf(plan, orders).body["artifact"];
  EXPECT_EQ(artifact["jarUri"], "a-clone-1.jar");
  EXPECT_EQ(artifact["additionalDependencies"],
            (Json{"managed:///store/p/files/a-clone-1.jar",
                  "managed:///store/p/files/raw-clone-1.tar.gz"}));
  // Entities are in the list of new names; other files are told.
  EXPECT_THAT(Said(plan, "C-26"), ElementsAre(HasSubstr("'raw-clone-1.tar.gz'")));
}

TEST_F(CloneFileRules, C_32_AFileWithoutItsBytesFails) {
  Source("resource-file", "a.jar", "{}");
  const Item item = ItemOf(Plan(), {"resource-file", "a.jar"});
  EXPECT_EQ(item.status, ItemStatus::kFailed);
  EXPECT_EQ(item.rule, "C-32");
  EXPECT_EQ(item.category, "dependency");
  EXPECT_THAT(item.reason, HasSubstr("s3://bound/ws/p/files/a.jar"));
}

TEST_F(CloneFileRules, C_30_AJobWhoseJarIsMissingIsClonedAndTold) {
  Source("deployment", "orders", JarJob("s3://bound/ws/p/files/gone.jar"));
  const auto plan = Plan();
  EXPECT_EQ(ItemOf(plan, orders).status, ItemStatus::kPending);
  EXPECT_THAT(ItemOf(plan, orders).files, IsEmpty());
  EXPECT_THAT(Said(plan, "C-30"), ElementsAre(AllOf(HasSubstr("'orders'"), HasSubstr("gone.jar"))));
}

TEST_F(CloneFileRules, C_33_PlacesOutsideOfTheSourceStayAndAreTold) {
  Source("deployment", "orders", JarJob("s3://other/lib/x.jar"));
  Source("deployment", "web", JarJob("https://example.org/x.jar"));
  const auto plan = Plan();
  EXPECT_EQ(ItemOf(plan, orders).body["artifact"]["jarUri"], "s3://other/lib/x.jar");
  EXPECT_THAT(Said(plan, "C-33"),
              ElementsAre(AllOf(HasSubstr("'orders'"), HasSubstr("s3://other/lib/x.jar"))));
}

TEST_F(CloneFileRules, C_33_APlaceInAnotherBucketIsNotTheOneThatIsMoved) {
  Source("resource-file", "x.jar", "{}");
  PutFile("s3://bound/ws/p/files/x.jar", "x");
  const std::string other = "s3://other/ws/p/files/x.jar";  // the same path
  Json job = Parsed(JarJob("s3://bound/ws/p/files/x.jar"));
  job["artifact"]["additionalDependencies"] = {other};
  Source("deployment", "orders", job.dump());
  const auto plan = Plan();
  EXPECT_EQ(ItemOf(plan, orders).body["artifact"]["additionalDependencies"], Json{other});
  EXPECT_THAT(Said(plan, "C-33"), ElementsAre(AllOf(HasSubstr("'orders'"), HasSubstr(other))));
}

TEST_F(CloneFileRules, C_33_FilesThatTextNamesComeAlongAndAreTold) {
  Source("resource-file", "u.jar", "{}");
  PutFile("s3://bound/ws/p/files/u.jar", "u");
  const std::string sql = "SELECT 1;\nADD JAR 's3://bound/ws/p/files/u.jar';";
  Source("deployment", "orders", SqlJob(sql));
  request.selection.kinds = {"deployment"};
  const auto plan = Plan();
  EXPECT_THAT(Made(plan), ElementsAre("resource-file u.jar", "deployment orders"));
  EXPECT_EQ(ItemOf(plan, orders).body["artifact"]["sqlScript"], sql);
  EXPECT_THAT(Said(plan, "C-33"), ElementsAre(AllOf(HasSubstr("line 2"), HasSubstr("'u.jar'"))));
}

TEST_F(CloneFileRules, C_33_DirectoriesOfTheProjectMoveAndOthersAreTold) {
  Source("deployment", "orders",
         SqlJob("SELECT 1", R"(, "flinkConf": {"state.checkpoints.dir": "s3://bound/ws/p/cp",
                                              "state.savepoints.dir": "s3://other/sp"})"));
  const auto plan = Plan();
  const Json& conf = ItemOf(plan, orders).body["flinkConf"];
  EXPECT_EQ(conf["state.checkpoints.dir"], "managed:///store/p/cp");
  EXPECT_EQ(conf["state.savepoints.dir"], "s3://other/sp");
  EXPECT_THAT(Said(plan, "C-33"), ElementsAre(HasSubstr("s3://other/sp")));
}

TEST_F(CloneFileRules, C_30_EncryptedVariablesComeWithoutTheirValue) {
  Source("variable", "pw", R"({"kind": "Encrypted"})");
  const auto plan = Plan();
  EXPECT_EQ(ItemOf(plan, {"variable", "pw"}).body, (Json{{"kind", "Encrypted"}}));
  EXPECT_THAT(Said(plan, "C-30"), ElementsAre(AllOf(HasSubstr("'pw'"), HasSubstr("encrypted"))));
}

TEST_F(CloneFileRules, C_04_AnEndpointNeverGetsIntoABody) {
  PutWorkspace("src", "x86", R"({"bucket": "s3://bound/ws?endpoint=http://minio:9000"})");
  PutFile("s3://bound/ws/p/files/a.jar", "a");
  Source("deployment", "orders", JarJob("s3://bound/ws/p/files/a.jar"));
  const auto plan = Plan();
  const Item& item = ItemOf(plan, orders);
  EXPECT_EQ(item.body["artifact"]["jarUri"], "managed:///store/p/files/a.jar");
  EXPECT_THAT(Moves(item), ElementsAre("s3://bound/ws/p/files/a.jar?endpoint=http://minio:9000 -> "
                                       "managed:///store/p/files/a.jar"));
}

}  // namespace
}  // namespace stateferry::state::clone
