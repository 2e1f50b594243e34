// What a clone that did not make everything has left at the target: files and states (C-19).
#include "state/clone/left_files.h"

#include <set>

#include "state/workflow/stop_request.h"
#include "tests/state/catalog/watched_catalog.h"
#include "tests/state/clone/whole_clone_rig.h"

namespace stateferry::state::clone {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LeftFileRules : public WholeCloneRig {
 protected:
  void SetUp() override {
    WholeCloneRig::SetUp();
    UseManagedStore();
  }
};

TEST_F(LeftFileRules, C_19_FilesOfWhatWasNotMadeAreListed) {
  PutOrders();
  Source("deployment", "alone", R"({"engineVersion": "vvr-8.0.5-flink-1.17",
      "artifact": {"kind": "JAR", "jarUri": "s3://bound/ws/p/files/alone.jar"}})");
  PutFile("s3://bound/ws/p/files/alone.jar", "of this job only");
  Start();
  const auto left = [&] {
    const auto files = LeftFiles(
        run, [&](const ItemVisitor& visit) { return store->VisitItems(run.id, visit); }, *catalog,
        places);
    EXPECT_TRUE(files) << files.error().message();
    std::vector<std::string> names;
    for (const auto& file : *files) names.push_back(file.Name());
    return names;
  };
  EXPECT_THAT(left(), IsEmpty());
  // The target refuses the jobs when their files are there.
  const auto refused = [](const catalog::Change& change) {
    return change.entity.key.kind == "deployment" && change.phase == catalog::Phase::kReady &&
           change.what == catalog::Change::What::kPut;
  };
  catalog::WatchedCatalog refusing(*catalog, catalog::Refuse(refused));
  const auto ended = TryToGo(run, refusing);
  ASSERT_TRUE(ended) << ended.error().message();
  EXPECT_EQ(ended->status, workflow::RunStatus::kCompletedWithFailures);
  // The jar of the UDF belongs to an entity that is there.
  EXPECT_THAT(left(), ElementsAre("alone.jar"));
}

TEST_F(LeftFileRules, C_19_WhatAnotherCloneHasMovedIsNotListed) {
  PutOrders();
  Start();
  const workflow::Run stopped = run;
  const auto left = [&] {
    const auto files = LeftFiles(
        stopped, [&](const ItemVisitor& visit) { return store->VisitItems(stopped.id, visit); },
        *catalog, places);
    EXPECT_TRUE(files) << files.error().message();
    return files ? files->size() : 0;
  };
  // Stopped before its first item.
  ASSERT_TRUE(workflow::RequestStop(FileIo(), dir.File("home"), stopped.id));
  const auto ended = TryToGo(stopped, *catalog);
  ASSERT_TRUE(ended) << ended.error().message();
  ASSERT_EQ(ended->status, workflow::RunStatus::kStopped);
  Run();
  const auto targets = [&](const std::string& id) {
    std::set<std::string> uris;
    EXPECT_TRUE(store->VisitItems(id, [&](const Item& item) -> Result<void> {
      for (const auto& file : item.files) uris.insert(file.to);
      return {};
    }));
    return uris;
  };
  ASSERT_EQ(targets(stopped.id), targets(run.id));
  EXPECT_EQ(left(), 0u);
  // The other one's entities go, its files stay: of this clone they are all the same not.
  std::vector<catalog::Change> deletes;
  for (const auto& [key, text] : Records("dst/p"))
    if (key.kind != "member")
      deletes.push_back({.what = catalog::Change::What::kDelete,
                         .scope = "dst/p",
                         .entity = {key, Json::object()},
                         .expected_version = catalog::Get(*catalog, "dst/p", key)->version});
  ASSERT_TRUE(catalog->Apply(deletes));
  EXPECT_EQ(left(), 0u);
}

TEST_F(LeftFileRules, C_19_WhatAnEntityAtTheTargetNamesIsNotListed) {
  PutOrders();
  Start();
  const workflow::Run failed = run;
  const auto left = [&] {
    const auto files = LeftFiles(
        failed, [&](const ItemVisitor& visit) { return store->VisitItems(failed.id, visit); },
        *catalog, places);
    EXPECT_TRUE(files) << files.error().message();
    return files ? files->size() : 0;
  };
  catalog::WatchedCatalog refusing(*catalog, catalog::Refuse([](const catalog::Change& change) {
    return change.phase == catalog::Phase::kReady && change.what == catalog::Change::What::kPut;
  }));
  ASSERT_TRUE(TryToGo(failed, refusing));
  EXPECT_EQ(left(), 1u);
  Target("udf-artifact", "udfs of somebody", R"({"jarUrl": "lib/u.jar"})");
  EXPECT_EQ(left(), 0u);
}

TEST_F(LeftFileRules, C_19_OfATargetThatIsGoneNobodyCanSayWhatIsLeft) {
  run.target = "dst/gone";
  const auto files = LeftFiles(
      run, [](const ItemVisitor&) { return Result<void>(); }, *catalog, places);
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().code(), ErrorCode::kNotFound);
}

/// States into a bucket that can be told to fail; the second file of one of them is gone.
class LeftStateRules : public LeftFileRules {
 protected:
  void SetUp() override {
    LeftFileRules::SetUp();
    PutWorkspace("dst", "x86", R"({"bucket": "s3://other/ws"})");
    PutOrders();
  }
  void BreakSource(ErrorCode code) {
    bucket->Fail({.op = fakes::BackendOp::kReadRange,
                  .times = 1000,
                  .key_contains = "sp/sp-1/4",
                  .error = Error(code, "the source is in trouble")});
  }
  /// "directory: job: why".
  std::vector<std::string> Left() {
    const auto states = LeftStates(
        run, [&](const ItemVisitor& visit) { return store->VisitItems(run.id, visit); }, *catalog,
        places);
    EXPECT_TRUE(states) << states.error().message();
    std::vector<std::string> lines;
    for (const LeftState& state : *states)
      lines.push_back(state.directory.ToString() + ": " + state.job.name + ": " + state.why);
    return lines;
  }
};

TEST_F(LeftStateRules, C_19_TheStateOfAnInterruptedCloneIsListedUntilItGoesOn) {
  Start();
  EXPECT_THAT(Left(), IsEmpty());
  BreakSource(ErrorCode::kUnavailable);
  ASSERT_FALSE(TryToGo(run, *catalog));
  EXPECT_THAT(Left(),
              ElementsAre("s3://other/ws/p/snapshots/sp-1: orders: its clone has not ended"));
  bucket->VerifyAllFired();
  Go(*catalog);
  EXPECT_THAT(Left(), IsEmpty());
}

TEST_F(LeftStateRules, C_19_StateThatMayNotBeRemovedIsListedAndItsNameIsKept) {
  for (const OnError on_error : {OnError::kContinue, OnError::kStateless}) {
    request.on_error = on_error;
    Start();
    BreakSource(ErrorCode::kNotFound);
    other_bucket->Fail({.op = fakes::BackendOp::kDelete,
                        .times = 1000,
                        .error = Error(ErrorCode::kPermission, "no right to delete")});
    const auto ended = TryToGo(run, *catalog);
    ASSERT_TRUE(ended) << ended.error().message();
    EXPECT_THAT(Left(), ElementsAre(AllOf(HasSubstr("/snapshots/sp-1"), HasSubstr(": orders: "),
                                          HasSubstr("the source is in trouble"),
                                          HasSubstr("could not be removed"),
                                          HasSubstr("no right to delete"))));
    bucket->VerifyAllFired();
    other_bucket->VerifyAllFired();
  }
  // The second one did not use the directory of the first.
  EXPECT_EQ(Records("dst/p").count({"snapshot", "sp-1"}), 1u);
  EXPECT_EQ(Records("dst/p").count({"snapshot", "sp-1-clone-1"}), 1u);
}

TEST_F(LeftStateRules, C_19_TheStateOfAnotherCloneIsNotListed) {
  Start();
  const workflow::Run first = run;
  Run();
  // Killed before it could take the names that the other one now has.
  auto items = *store->Items(first.id, 0, 100);
  for (Item& item : items) {
    item.status = workflow::ItemStatus::kCopyingState;
    item.begun = true;
  }
  ASSERT_TRUE(store->PutStates(first.id, items));
  run = first;
  EXPECT_THAT(Left(), IsEmpty());
}

}  // namespace
}  // namespace stateferry::state::clone
