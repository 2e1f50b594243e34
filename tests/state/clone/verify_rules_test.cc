// After the run: C-28, C-30 to C-33, and state that is whole.
#include "base/hash.h"
#include "state/clone/clone_verify.h"
#include "tests/state/clone/clone_rig.h"

namespace stateferry::state::clone {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CloneVerifyRules : public CloneRig {
 protected:
  /// Makes all that is planned, byte for byte; what moves snapshots is not needed for this.
  void MakeAll() {
    items = Plan().items;
    for (Item& item : items) {
      Put("dst/p", item.to.kind, item.to.name, item.body.dump());
      for (const auto& [from, to] : item.files) PutFile(to, Read(from));
      if (!item.snapshot_to.empty()) {
        Put("dst/p", "snapshot", item.snapshot_record.key.name, item.snapshot_record.body.dump());
        PutSavepoint(item.snapshot_to);
      }
      item.status = ItemStatus::kSucceeded;
    }
  }
  std::string Read(const std::string& uri) {
    const auto object = places.OpenObject(At(uri), storage::Access::kRead);
    const auto bytes = storage::ReadAll(*object->place.backend, object->key, 1u << 24);
    EXPECT_TRUE(bytes) << uri;
    return bytes ? *bytes : "";
  }
  void Flip(const std::string& uri) {
    std::string bytes = Read(uri);
    bytes[bytes.size() / 2] ^= 1;
    PutFile(uri, bytes);
  }
  CloneVerifyReport Verify() {
    workflow::Run run;
    run.source = "src/p";
    run.target = "dst/p";
    const auto walk = [&](const ItemVisitor& visit) -> Result<void> {
      for (const Item& item : items) SF_TRY(visit(item));
      return {};
    };
    auto report = VerifyClone(run, walk, {*catalog, places});
    EXPECT_TRUE(report) << report.error().message();
    return report ? *std::move(report) : CloneVerifyReport{};
  }
  static std::vector<std::string> Found(const CloneVerifyReport& report) {
    std::vector<std::string> found;
    for (const Finding& finding : report.findings)
      found.push_back(finding.rule + " " + finding.category + " " + finding.message);
    return found;
  }
  static std::string JarJob(const std::string& uri) {
    return R"({"engineVersion": "vvr-8.0.5-flink-1.17",
               "artifact": {"kind": "JAR", "jarUri": ")" +
           uri + R"("}})";
  }

  std::vector<Item> items;
};

TEST_F(CloneVerifyRules, C_32_OneFlippedByteIsFoundInEveryKindOfFile) {
  for (const char* name : {"a.jar", "udf.jar", "con.jar", "job.py", "lib.zip"})
    PutFile(std::string("s3://bound/ws/p/files/") + name, std::string("content of ") + name);
  Source("resource-file", "a.jar", "{}");
  Source("udf-artifact", "udfs", R"({"jarUrl": "s3://bound/ws/p/files/udf.jar"})");
  Source("connector", "con", R"({"dependencies": ["s3://bound/ws/p/files/con.jar"]})");
  Source("deployment", "jar", JarJob("s3://bound/ws/p/files/a.jar"));
  Source("deployment", "py",
         R"({"engineVersion": "vvr-8.0.5-flink-1.17", "artifact": {"kind": "PYTHON",
             "pythonArtifactUri": "job.py",
             "additionalPythonArchives": ["s3://bound/ws/p/files/lib.zip"]}})");
  MakeAll();
  const auto clean = Verify();
  EXPECT_THAT(Found(clean), IsEmpty());
  EXPECT_EQ(clean.files, 5u);
  EXPECT_EQ(clean.files_compared, 5u);
  for (const char* name : {"a.jar", "udf.jar", "con.jar", "job.py", "lib.zip"}) {
    const std::string uri = std::string("managed:///store/p/files/") + name;
    Flip(uri);
    EXPECT_THAT(Found(Verify()), ElementsAre(AllOf(HasSubstr("C-32 integrity"), HasSubstr(name))))
        << name;
    Flip(uri);
  }
  PutFile("managed:///store/p/files/a.jar", "shorter");
  EXPECT_THAT(Found(Verify()), ElementsAre(HasSubstr("7 bytes")));
  ASSERT_TRUE(managed->Delete("p/files/a.jar"));
  EXPECT_THAT(Found(Verify()), ElementsAre(HasSubstr("is missing")));
}

TEST_F(CloneVerifyRules, C_32_WithoutTheSourceTheRecordedHashCounts) {
  const std::string bytes = "content";
  PutFile("s3://bound/ws/p/files/a.jar", bytes);
  PutFile("s3://bound/ws/p/files/raw.jar", bytes);
  Source("resource-file", "a.jar",
         R"({"hash": "xxh3-128:)" + Xxh3_128(AsBytes(bytes)).ToHex() + "\"}");
  Source("deployment", "jar", JarJob("raw.jar"));
  MakeAll();
  for (const char* name : {"a.jar", "raw.jar"})
    ASSERT_TRUE(bucket->Delete(std::string("ws/p/files/") + name));
  const std::vector<catalog::Change> gone{
      {.what = catalog::Change::What::kDelete, .entity = {{"project", "src/p"}, Json::object()}}};
  ASSERT_TRUE(catalog->Apply(gone));
  const auto report = Verify();
  EXPECT_TRUE(report.ok());
  // Of the other one nobody knows what it was.
  EXPECT_THAT(Found(report), ElementsAre(AllOf(HasSubstr("raw.jar"), HasSubstr("compared"))));
  Flip("managed:///store/p/files/a.jar");
  EXPECT_FALSE(Verify().ok());
}

TEST_F(CloneVerifyRules, C_30_EveryUnresolvedReferenceIsListedPerJob) {
  Source("variable", "topic", R"({"kind": "Plain", "value": "x"})");
  Source("session-cluster", "preview", R"({"engineVersion": "vvr-8.0.5-flink-1.17"})");
  const std::string on_preview = R"(, "deploymentTarget": {"mode": "SESSION", "name": "preview"})";
  Source("deployment", "a", SqlJob("SELECT '${secret_values.topic}'", on_preview));
  Source("deployment", "b", SqlJob("SELECT 1;\nUSE CATALOG hive;", on_preview));
  MakeAll();
  EXPECT_THAT(Found(Verify()), ElementsAre(AllOf(HasSubstr("C-28 dependency"), HasSubstr("'b'"),
                                                 HasSubstr("line 2"), HasSubstr("'hive'"))));
  const std::vector<catalog::Change> gone{
      {.what = catalog::Change::What::kDelete,
       .scope = "dst/p",
       .entity = {{"session-cluster", "preview"}, Json::object()}},
      {.what = catalog::Change::What::kDelete,
       .scope = "dst/p",
       .entity = {{"variable", "topic"}, Json::object()}}};
  ASSERT_TRUE(catalog->Apply(gone));
  items.erase(items.begin(), items.begin() + 2);  // deleted on purpose
  EXPECT_THAT(Found(Verify()),
              ElementsAre(AllOf(HasSubstr("C-30"), HasSubstr("'a'"), HasSubstr("'preview'")),
                          AllOf(HasSubstr("C-30"), HasSubstr("'a'"), HasSubstr("'topic'")),
                          AllOf(HasSubstr("C-30"), HasSubstr("'b'"), HasSubstr("'preview'")),
                          AllOf(HasSubstr("C-28"), HasSubstr("'b'"))));
}

TEST_F(CloneVerifyRules, C_31_DraftsArePutToTheTest) {
  Source("draft", "good", SqlJob());
  Source("draft", "bad", SqlJob());
  MakeAll();
  EXPECT_TRUE(Verify().ok());
  Target("draft", "bad", R"({"engineVersion": "vvr-8.0.5-flink-1.17"})");
  EXPECT_THAT(Found(Verify()), ElementsAre(AllOf(HasSubstr("C-31 dependency"), HasSubstr("'bad'"),
                                                 HasSubstr("artifact"))));
}

TEST_F(CloneVerifyRules, C_33_OldPlacesAreListedUntilTheyAreEdited) {
  PutFile("s3://bound/ws/p/files/u.jar", "u");
  Source("resource-file", "u.jar", "{}");
  Source("deployment", "text", SqlJob("SELECT 1;\nADD JAR 's3://bound/ws/p/files/u.jar';"));
  Source("deployment", "field", JarJob("u.jar"));
  MakeAll();
  EXPECT_THAT(Found(Verify()),
              ElementsAre(AllOf(HasSubstr("C-33 dependency"), HasSubstr("'text'"),
                                HasSubstr("line 2"), HasSubstr("s3://bound/ws/p/files/u.jar"))));
  Target("deployment", "text", SqlJob("ADD JAR 'managed:///store/p/files/u.jar';"));
  EXPECT_TRUE(Verify().ok());
  Target("deployment", "field", JarJob("s3://bound/ws/p/files/u.jar"));
  EXPECT_THAT(Found(Verify()), ElementsAre(AllOf(HasSubstr("C-33"), HasSubstr("'field'"),
                                                 HasSubstr("/artifact/jarUri"))));
  PutFile("managed:///store/p/files/new.jar", "by hand");
  Target("deployment", "field", JarJob("managed:///store/p/files/new.jar"));
  EXPECT_TRUE(Verify().ok());
  Target("deployment", "field", JarJob("managed:///store/p/files/gone.jar"));
  EXPECT_THAT(Found(Verify()), ElementsAre(AllOf(HasSubstr("gone.jar"), HasSubstr("missing"))));
}

TEST_F(CloneVerifyRules, C_38_ASnapshotThatIsNotWholeIsFound) {
  Source("deployment", "orders", SqlJob());
  WholeSnapshot("sp-1", "orders", "2025-12-31T23:30:00Z");
  MakeAll();
  const auto clean = Verify();
  EXPECT_THAT(Found(clean), IsEmpty());
  EXPECT_EQ(clean.snapshots, 1u);
  EXPECT_GT(clean.bytes_read, 1'000'000u);
  ASSERT_TRUE(managed->Delete("p/snapshots/sp-1/d845781d-163d-470c-9619-2c3570bb875a"));
  EXPECT_THAT(Found(Verify()), ElementsAre(AllOf(HasSubstr("C-38 integrity"), HasSubstr("'orders'"),
                                                 HasSubstr("d845781d"))));
}

// The record of an item says what was planned, also when its state was given up on the way.
TEST_F(CloneVerifyRules, C_44_AJobThatWasMadeWithoutItsStateIsNotAskedForIt) {
  Source("deployment", "orders", SqlJob());
  WholeSnapshot("sp-1", "orders", "2025-12-31T23:30:00Z");
  MakeAll();
  for (Item& item : items)
    if (!item.snapshot_to.empty()) item.status = ItemStatus::kDegradedStateless;
  ASSERT_TRUE(managed->Delete("p/snapshots/sp-1/d845781d-163d-470c-9619-2c3570bb875a"));
  const auto report = Verify();
  EXPECT_THAT(Found(report), IsEmpty());
  EXPECT_EQ(report.snapshots, 0u);
}

TEST_F(CloneVerifyRules, C_01_WhatIsGoneIsTold) {
  Source("folder", "f");
  MakeAll();
  const std::vector<catalog::Change> gone{{.what = catalog::Change::What::kDelete,
                                           .scope = "dst/p",
                                           .entity = {{"folder", "f"}, Json::object()}}};
  ASSERT_TRUE(catalog->Apply(gone));
  EXPECT_THAT(Found(Verify()), ElementsAre(AllOf(HasSubstr("C-01"), HasSubstr("'f'"))));
}

TEST_F(CloneVerifyRules, WithoutTheTargetThereIsNothingToVerify) {
  workflow::Run run;
  run.source = "src/p";
  run.target = "dst/gone";
  const auto report =
      VerifyClone(run, [](const ItemVisitor&) { return Result<void>(); }, {*catalog, places});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace stateferry::state::clone
