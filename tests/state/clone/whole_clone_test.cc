// Whole clones, as the commands run them: C-01, C-02, C-03, C-08, C-22, C-27, C-29, C-41, C-45.
#include <regex>
#include <set>

#include "state/manifest/export_project.h"
#include "tests/state/catalog/watched_catalog.h"
#include "tests/state/clone/whole_clone_rig.h"
#include "tests/state/entities/kind_examples.h"

namespace stateferry::state::clone {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class WholeCloneRules : public WholeCloneRig {
 protected:
  void SetUp() override {
    WholeCloneRig::SetUp();
    UseManagedStore();
  }
  /// Every kind that a clone takes, in every variant, with all fields that are known of it; and one
  /// entity of each that it leaves.
  void PutEveryKind() {
    Put("", "project", "dst/p", "{}");  // its default queue is that of the source's jobs
    const entities::PathMap into_source{{At("s3://old/p"), At("s3://bound/ws/p")}};
    for (const auto& [kind_name, examples] : entities::KindExamples()) {
      const auto& kind = *entities::FindKind(kind_name);
      if (kind.spec().travel == entities::Travel::kScope) continue;
      for (auto [variant, entity] : examples) {
        kind.Retarget(entity, into_source);
        for (const auto& file : kind.Files(entity)) PutFile(file.text, "bytes of " + file.text);
        entity.body["creator"] = "somebody";
        if (kind_name == "job") entity.body["status"]["currentJobStatus"] = "FINISHED";
        Source(kind_name, entity.key.name, entity.body.dump());
      }
    }
    Source("folder", "orders");
    PutSavepoint("s3://bound/ws/p/sp/sp-1");
  }
  std::map<EntityKey, Json> Export(const std::string& project) {
    const auto selection =
        manifest::ExportProject(*catalog, project, [](const EntityKey&) { return true; });
    EXPECT_TRUE(selection);
    std::map<EntityKey, Json> exported;
    for (const auto& document : selection->chosen)
      exported[document.entity.key] = document.entity.body;
    return exported;
  }
  std::string StoreUri() const { return "managed://" + dir.File("store"); }
};

TEST_F(WholeCloneRules, C_01_ExportsDifferOnlyInWhatBelongsToTheSource) {
  PutEveryKind();
  Run();
  auto source = Export("src/p"), target = Export("dst/p");
  std::set<std::string> cloned;
  for (const auto& kind : entities::Kinds())
    if (kind.spec().travel == entities::Travel::kCloned) cloned.insert(std::string(kind.name()));
  // C-07, and runs of jobs.
  std::erase_if(source, [&](const auto& entry) {
    return !cloned.contains(entry.first.kind) && entry.first.kind != "snapshot";
  });
  target.erase({"member", "alice"});
  std::set<std::string> kinds;
  for (const auto& [key, body] : source) {
    SCOPED_TRACE(key.kind + " " + key.name);
    kinds.insert(key.kind);
    ASSERT_TRUE(target.contains(key));
    // Rewritten URIs, in the bytes of the export and not by the code under test.
    const Json moved =
        Parsed(std::regex_replace(body.dump(), std::regex("s3://bound/ws/p"), StoreUri() + "/p"));
    for (const auto& [field, value] : moved.items()) {
      const bool of_the_source = field == "creator" || field == "history" || field == "version" ||
                                 field == "jobId" || field == "restoreStrategy" ||
                                 field == "savepointLocation" || field == "savepointOrigin";
      if (of_the_source) continue;
      EXPECT_EQ(target[key].value(field, Json("is gone")), value) << field;
    }
    for (const auto& [field, value] : target[key].items())
      EXPECT_TRUE(moved.contains(field) || field == "restoreStrategy") << "is new: " << field;
  }
  kinds.erase("snapshot");
  EXPECT_EQ(kinds, cloned) << "the fixture lacks a kind";
  EXPECT_EQ(target.size(), source.size());
  EXPECT_EQ(BodyAtTarget({"deployment", "orders"})["restoreStrategy"],
            source.at({"deployment", "orders"})["restoreStrategy"]);
}

TEST_F(WholeCloneRules, C_01_NothingOfTheSourcesPeopleAndIdsArrives) {
  PutEveryKind();
  Run();
  for (const auto& [key, body] : Export("dst/p"))
    for (const char* field : {"creator", "history", "version", "jobId"})
      EXPECT_FALSE(body.contains(field)) << key.kind << " " << key.name << " " << field;
}

TEST_F(WholeCloneRules, C_02_EachOfTwoBackupsIsWholeWithoutTheOther) {
  PutOrders();
  UseManagedStore("other", "other-store");
  Put("", "project", "other/p", "{}");
  Put("other/p", "member", "alice", R"({"role": "OWNER"})");
  Run();
  const std::size_t first = Records("dst/p").size();
  request.target = "other/p";
  Run();
  EXPECT_EQ(Records("other/p").size(), first);
  std::filesystem::remove_all(dir.File("store"));
  for (const auto& [key, text] : Records("dst/p")) {
    const catalog::Change gone{
        .what = catalog::Change::What::kDelete, .scope = "dst/p", .entity = {key, Json::object()}};
    ASSERT_TRUE(catalog->Apply(std::span(&gone, 1)));
  }
  EXPECT_THAT(Verify(), IsEmpty());
}

TEST_F(WholeCloneRules, C_03_WhatWasAtTheTargetStaysAsItIs) {
  PutEveryKind();
  // The same names, with other content.
  for (const auto& [key, body] : Export("src/p"))
    if (key.kind != "resource-file" && key.kind != "member")
      Target(key.kind, key.name, R"({"description": "was here before"})");
  Target("folder", "own");
  const auto before = Records("dst/p");
  clock.Advance(std::chrono::hours(1));
  const auto plan = Run();
  EXPECT_GT(plan.renames.size(), 10u);
  const auto after = Records("dst/p");
  EXPECT_GT(after.size(), before.size() + 10);
  for (const auto& [key, text] : before) {
    ASSERT_TRUE(after.contains(key)) << key.kind << " " << key.name;
    EXPECT_EQ(after.at(key), text) << key.kind << " " << key.name;
  }
}

TEST_F(WholeCloneRules, C_08_OneDraftOfTheNewestVersionAndTheJobAsDeployed) {
  Source("draft", "d", SqlJob("SELECT 3", R"(, "version": 3, "history": [
             {"version": 1, "artifact": {"kind": "SQLSCRIPT", "sqlScript": "SELECT 1"}},
             {"version": 2, "artifact": {"kind": "SQLSCRIPT", "sqlScript": "SELECT 2"}}],
             "referencedDeployment": "orders")"));
  // Deployed from version 2: the draft has gone on.
  Source("deployment", "orders", SqlJob("SELECT 2", R"(, "referencedDraft": "d")"));
  Run();
  EXPECT_EQ(catalog::ListAll(*catalog, "dst/p", "draft")->size(), 1u);
  EXPECT_EQ(BodyAtTarget({"draft", "d"})["artifact"]["sqlScript"], "SELECT 3");
  EXPECT_EQ(catalog::ListAll(*catalog, "dst/p", "deployment")->size(), 1u);
  EXPECT_EQ(BodyAtTarget({"deployment", "orders"})["artifact"]["sqlScript"], "SELECT 2");
}

TEST_F(WholeCloneRules, C_22_AWholeCloneOnlyReadsTheSourcesBucket) {
  PutOrders();
  using fakes::BackendOp;
  const auto writes = [&] {
    std::uint64_t calls = 0;
    for (const auto op : {BackendOp::kPut, BackendOp::kStartUpload, BackendOp::kPutPart,
                          BackendOp::kComplete, BackendOp::kAbort, BackendOp::kCopy,
                          BackendOp::kDelete, BackendOp::kMakeDurable, BackendOp::kFlush})
      calls += bucket->calls(op);
    return calls;
  };
  const auto before = writes(), read_before = bucket->calls(BackendOp::kReadRange);
  Run();
  EXPECT_THAT(Verify(), IsEmpty());
  EXPECT_GT(bucket->calls(BackendOp::kReadRange), read_before);
  EXPECT_EQ(writes(), before);
}

TEST_F(WholeCloneRules, C_27_TheListOfRenamesIsWhatHappened) {
  for (const char* name : {"a", "b", "c"}) {
    Source("deployment", name,
           SqlJob("SELECT 1", R"(, "description": "was )" + std::string(name) + "\""));
    Source("folder", name, R"({"description": "was )" + std::string(name) + "\"}");
  }
  Target("deployment", "b", SqlJob());
  Target("folder", "c");
  Run();
  // What the history has, from its records.
  std::vector<std::string> listed;
  ASSERT_TRUE(store->VisitItems(run.id, [&](const Item& item) -> Result<void> {
    if (item.from.name != item.to.name)
      listed.push_back(item.from.kind + " was " + item.from.name + " is " + item.to.name);
    return {};
  }));
  // What lies there and says itself what it was.
  std::vector<std::string> real;
  for (const auto& [key, body] : Export("dst/p")) {
    const std::string was = body.value("description", "");
    if (!was.empty() && was != "was " + key.name)
      real.push_back(key.kind + " " + was + " is " + key.name);
  }
  EXPECT_THAT(real, ElementsAre("deployment was b is b-clone-1", "folder was c is c-clone-1"));
  EXPECT_THAT(listed, ::testing::UnorderedElementsAreArray(real));
}

TEST_F(WholeCloneRules, C_29_AllThatArrivesIsStopped) {
  PutOrders();
  Job("orders", "RUNNING");
  Source("session-cluster", "preview",
         R"({"engineVersion": "vvr-8.0.5-flink-1.17", "status": {"state": "RUNNING"},
             "desiredState": "RUNNING"})");
  Source("deployment", "in-session",
         SqlJob("SELECT 1", R"(, "deploymentTarget": {"mode": "SESSION", "name": "preview"},
                "status": {"state": "RUNNING"}, "jobSummary": {"running": 1})"));
  request.running = RunningStrategy::kInclude;
  Start();
  // The one way to start a job is the entity of its run.
  std::set<std::string> written;
  catalog::WatchedCatalog watched(*catalog, [&](const auto& change) -> Result<void> {
    written.insert(change.entity.key.kind);
    return {};
  });
  Go(watched);
  EXPECT_THAT(written, ElementsAre("deployment", "resource-file", "session-cluster", "snapshot",
                                   "udf-artifact", "udf-function"));
  for (const EntityKey& key :
       {EntityKey{"deployment", "orders"}, EntityKey{"deployment", "in-session"},
        EntityKey{"session-cluster", "preview"}})
    EXPECT_THAT(BodyAtTarget(key).dump(), Not(HasSubstr("RUNNING"))) << key.name;
}

TEST_F(WholeCloneRules, C_41_ARunningJobIsClonedWithItsStateAndNotTouched) {
  PutOrders();
  WholeSnapshot("cp-2", "orders", "2025-12-31T23:50:00Z", "RETAINED_CHECKPOINT");
  Job("orders", "RUNNING");
  request.running = RunningStrategy::kInclude;
  const auto before = Records("src/p");
  clock.Advance(std::chrono::minutes(1));
  Run();
  EXPECT_EQ(Records("src/p"), before);
  EXPECT_THAT(before.at({"job", "j-orders"}), HasSubstr("RUNNING"));
  EXPECT_EQ(BodyAtTarget({"deployment", "orders"})["restoreStrategy"]["savepointId"], "cp-2");
  EXPECT_EQ(catalog::ListAll(*catalog, "dst/p", "snapshot")->size(), 1u);
  EXPECT_THAT(Verify(), IsEmpty());
}

TEST_F(WholeCloneRules, C_45_TheRecordIsThereBeforeTheFirstWrite) {
  PutOrders();
  const auto before = Records("dst/p");
  const auto files = [&] {
    std::size_t count = 0;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(dir.File("store") + "/packs"))
      count += entry.is_regular_file() ? 1 : 0;
    return count;
  };
  const std::size_t files_before = files();
  const auto plan = Start();
  // Started, and not one byte at the target.
  EXPECT_EQ(run.id, "clone-1");
  EXPECT_EQ(Records("dst/p"), before);
  EXPECT_EQ(files(), files_before);
  int writes = 0;
  catalog::WatchedCatalog watched(*catalog, [&](const catalog::Change& change) -> Result<void> {
    ++writes;
    EXPECT_TRUE(workflow::GetRun(*store, "clone-1")) << change.entity.key.name;
    EXPECT_EQ(store->Items("clone-1", 0, 100)->size(), plan.items.size());
    return {};
  });
  Go(watched);
  EXPECT_GT(writes, 0);
}

TEST_F(WholeCloneRules, C_45_ARefusedStartLeavesNoRecord) {
  PutOrders();
  request.account = "mallory";
  const auto started = StartClone(request, "clone-1", {*catalog, places, clock, {}}, *store);
  ASSERT_TRUE(started);
  EXPECT_EQ(started->run.id, "");
  EXPECT_THAT(*store->List({}), IsEmpty());
}

}  // namespace
}  // namespace stateferry::state::clone
