#include "state/workflow/engine.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "state/snapshot/relocate.h"
#include "tests/state/catalog/watched_catalog.h"
#include "tests/state/workflow/workflow_rig.h"

namespace stateferry::state::workflow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

using CloneRules = WorkflowRig;

TEST_F(CloneRules, C_39_StatelessMovesNothing) {
  Record(Five());
  const auto run = Go();
  ASSERT_TRUE(run) << run.error().message();
  EXPECT_EQ(run->status, RunStatus::kCompleted);
  EXPECT_THAT(Made(), ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_EQ(FilesIn("snapshots"), 0u);
  EXPECT_THAT(*journal->List(), IsEmpty());
}

TEST_F(CloneRules, C_38_StateArrivesWholeAndIsTheRestorePoint) {
  Record({StatefulItem(0, "orders")});
  const auto run = Go();
  ASSERT_TRUE(run) << run.error().message();
  EXPECT_EQ(run->status, RunStatus::kCompleted);
  const auto made = catalog::Get(*catalog, kTarget, {"deployment", "orders"});
  ASSERT_TRUE(made);
  EXPECT_EQ(made->entity.body["restoreStrategy"]["savepointId"], "sp-orders");
  EXPECT_EQ(made->made_by, kId);
  EXPECT_TRUE(catalog::Get(*catalog, kTarget, {"snapshot", "sp-orders"}));
  const auto whole = snapshot::VerifySnapshot(
      *places, *storage::ParseLocation(dir.path() + "/target/snapshots/orders"),
      snapshot::VerifyLevel::kHash, {});
  ASSERT_TRUE(whole) << whole.error().message();
  EXPECT_THAT(whole->problems, IsEmpty());
  EXPECT_EQ(whole->files, 9u);
}

TEST_F(CloneRules, C_42_ContinueMakesTheOtherFour) {
  auto items = Five();
  items[2] = BrokenItem(2, "c");
  Record(items);
  const auto run = Go(OnFailure::kContinue);
  ASSERT_TRUE(run) << run.error().message();
  EXPECT_EQ(run->status, RunStatus::kCompletedWithFailures);
  EXPECT_THAT(Made(), ElementsAre("a", "b", "d", "e"));
  EXPECT_EQ(Statuses()["c"], "failed");
  EXPECT_THAT(reasons["c"], HasSubstr("nowhere"));
  EXPECT_EQ(rules["c"], "C-38 not_found");
}

TEST_F(CloneRules, C_42_AnItemThatThePlanGaveUpIsCountedAndPassed) {
  auto items = Five();
  items[1].status = ItemStatus::kFailed;
  items[1].rule = "C-14";
  items[1].reason = "too old";
  Record(items);
  const auto run = Go(OnFailure::kContinue);
  ASSERT_TRUE(run) << run.error().message();
  EXPECT_EQ(run->status, RunStatus::kCompletedWithFailures);
  EXPECT_THAT(Made(), ElementsAre("a", "c", "d", "e"));
}

TEST_F(CloneRules, C_43_StopLeavesWhatWasMadeAndBeginsNothingMore) {
  auto items = Five();
  items[2] = BrokenItem(2, "c");
  Record(items);
  const auto run = Go(OnFailure::kStop);
  ASSERT_TRUE(run) << run.error().message();
  EXPECT_EQ(run->status, RunStatus::kFailed);
  EXPECT_THAT(run->error, HasSubstr("deployment 'c'"));
  EXPECT_THAT(Made(), ElementsAre("a", "b"));
  EXPECT_THAT(Statuses(),
              ElementsAre(Pair("a", "succeeded"), Pair("b", "succeeded"), Pair("c", "failed"),
                          Pair("d", "not_started"), Pair("e", "not_started")));
}

// The same inside one batch, where a name at the target was taken after the plan was made.
TEST_F(CloneRules, C_43_StopsInsideABatchInTheOrderOfTheItems) {
  const catalog::Change taken{.scope = kTarget, .entity = {{"deployment", "c"}, Json::object()}};
  ASSERT_TRUE(catalog->Apply(std::span(&taken, 1)));
  Record(Five());
  const auto run = Go(OnFailure::kStop);
  ASSERT_TRUE(run) << run.error().message();
  EXPECT_EQ(run->status, RunStatus::kFailed);
  EXPECT_THAT(Made(), ElementsAre("a", "b", "c"));
  EXPECT_EQ(catalog::Get(*catalog, kTarget, {"deployment", "c"})->made_by, "");
  EXPECT_EQ(Statuses()["d"], "not_started");
}

TEST_F(CloneRules, C_43_APlannedFailureStopsAtItsTurn) {
  auto items = Five();
  items[2].status = ItemStatus::kFailed;
  items[2].reason = "too old";
  Record(items);
  const auto run = Go(OnFailure::kStop);
  ASSERT_TRUE(run) << run.error().message();
  EXPECT_EQ(run->status, RunStatus::kFailed);
  EXPECT_THAT(Made(), ElementsAre("a", "b"));
  EXPECT_EQ(Statuses()["d"], "not_started");
}

/// A snapshot of which one file is missing: some of it arrives before that is found.
TEST_F(CloneRules, C_44_StateThatCannotBeMovedIsLeftOutAndRemoved) {
  auto items = Five();
  items[2] = BrokenItem(2, "c");
  Record(items);
  const auto run = Go(OnFailure::kDropState);
  ASSERT_TRUE(run) << run.error().message();
  EXPECT_EQ(run->status, RunStatus::kCompleted);
  EXPECT_THAT(Made(), ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_EQ(Statuses()["c"], "degraded_stateless");
  EXPECT_THAT(reasons["c"], HasSubstr("nowhere"));
  const auto made = catalog::Get(*catalog, kTarget, {"deployment", "c"});
  EXPECT_EQ(made->entity.body["restoreStrategy"]["kind"], "NONE");
  EXPECT_THAT(Made("snapshot"), IsEmpty());
  EXPECT_EQ(FilesIn("snapshots"), 0u);
}

/// Breaks off a move of state when its files are there.
class BreakingActions final : public Actions {
 public:
  BreakingActions(Actions& inner, Error error) : inner_(inner), error_(std::move(error)) {}
  Result<bool> IsMade(const Item& item) override { return inner_.IsMade(item); }
  Result<void> Reserve(const Item& item) override { return inner_.Reserve(item); }
  Result<void> Unreserve(const Item& item) override { return inner_.Unreserve(item); }
  Result<void> MoveFiles(Item& item, std::stop_token stop) override {
    return inner_.MoveFiles(item, std::move(stop));
  }
  Result<void> MoveState(Item& item, std::stop_token stop) override {
    SF_TRY(inner_.MoveState(item, stop));
    stop_of_move = std::move(stop);
    if (before_breaking) before_breaking();
    return error_;
  }
  Result<void> DropState(const Item& item) override { return inner_.DropState(item); }
  void MakeStateless(Item& item) override { inner_.MakeStateless(item); }
  Result<std::vector<Result<void>>> Make(std::span<const Item> items, bool stop) override {
    return inner_.Make(items, stop);
  }
  std::function<void()> before_breaking;
  std::stop_token stop_of_move;

 private:
  Actions& inner_;
  const Error error_;
};

TEST_F(CloneRules, C_44_NothingOfAnArrivedStateStaysWhenItFails) {
  Record({ItemOf(0, "a"), StatefulItem(1, "orders")});
  CatalogActions real(ActionOptions(), *catalog, Env());
  BreakingActions actions(real, Error(ErrorCode::kCorruption, "a bit has flipped"));
  actions.before_breaking = [&] { EXPECT_EQ(FilesIn("snapshots"), 9u); };
  const auto run = GoWith(actions, *store, OnFailure::kDropState);
  ASSERT_TRUE(run) << run.error().message();
  EXPECT_EQ(Statuses()["orders"], "degraded_stateless");
  EXPECT_EQ(FilesIn("snapshots"), 0u);
  EXPECT_THAT(Made(), ElementsAre("a", "orders"));
}

TEST_F(CloneRules, C_42_AnItemThatFailsTakesNothingWithIt) {
  Record({ItemOf(0, "a"), StatefulItem(1, "orders")});
  CatalogActions real(ActionOptions(), *catalog, Env());
  BreakingActions actions(real, Error(ErrorCode::kCorruption, "a bit has flipped"));
  const auto run = GoWith(actions, *store, OnFailure::kContinue);
  ASSERT_TRUE(run) << run.error().message();
  EXPECT_EQ(Statuses()["orders"], "failed");
  EXPECT_EQ(FilesIn("snapshots"), 0u);
  EXPECT_THAT(Made(), ElementsAre("a"));
}

// the third strategy is about state; all else is passed over.
TEST_F(CloneRules, C_44_OtherFailuresActAsSkipAndContinue) {
  auto items = Five();
  items[2].files = {{dir.path() + "/nowhere/x.jar", dir.path() + "/target/files/x.jar"}};
  Record(items);
  const auto run = Go(OnFailure::kDropState);
  ASSERT_TRUE(run) << run.error().message();
  EXPECT_EQ(run->status, RunStatus::kCompletedWithFailures);
  EXPECT_EQ(Statuses()["c"], "failed");
  EXPECT_EQ(rules["c"], "C-32 not_found");
  EXPECT_THAT(Made(), ElementsAre("a", "b", "d", "e"));
}

TEST_F(CloneRules, C_44_AJobThatLostItsStateAndThenFailsGivesItsNameBack) {
  Record({ItemOf(0, "a"), BrokenItem(1, "orders")});
  catalog::WatchedCatalog refusing(*catalog, catalog::Refuse([](const catalog::Change& change) {
    return change.what == catalog::Change::What::kPut && change.entity.key.name == "orders" &&
           change.phase == catalog::Phase::kReady;
  }));
  CatalogActions actions(ActionOptions(), refusing, Env());
  const auto run = GoWith(actions, *store, OnFailure::kDropState);
  ASSERT_TRUE(run) << run.error().message();
  EXPECT_EQ(Statuses()["orders"], "failed");
  EXPECT_THAT(reasons["orders"], HasSubstr("does not like it"));
  EXPECT_EQ(rules["orders"], " incompatible");
  EXPECT_THAT(Made(), ElementsAre("a"));
}

TEST_F(CloneRules, C_48_StopEndsAfterWhatIsInFlight) {
  batch_items = 2;
  Record(Five());
  bool asked = false;
  stop_requested = [&] { return asked; };
  sink.on_item = [&](const Item& item) {
    if (item.to.name == "b" && item.status == ItemStatus::kSucceeded) asked = true;
  };
  const auto run = Go();
  ASSERT_TRUE(run) << run.error().message();
  EXPECT_EQ(run->status, RunStatus::kStopped);
  EXPECT_FALSE(run->ended.empty());
  EXPECT_THAT(sink.runs,
              ElementsAre(RunStatus::kRunning, RunStatus::kStopping, RunStatus::kStopped));
  EXPECT_THAT(Statuses(),
              ElementsAre(Pair("a", "succeeded"), Pair("b", "succeeded"), Pair("c", "not_started"),
                          Pair("d", "not_started"), Pair("e", "not_started")));
}

// C-18, C-19: no rollback; what was made stays and is known by who made it.
TEST_F(CloneRules, C_19_WhatWasMadeBeforeAStopRemains) {
  batch_items = 2;
  Record(Five());
  bool asked = false;
  stop_requested = [&] { return asked; };
  sink.on_item = [&](const Item& item) { asked = item.to.name == "b"; };
  ASSERT_TRUE(Go());
  EXPECT_THAT(Made(), ElementsAre("a", "b"));
  EXPECT_EQ(catalog::Get(*catalog, kTarget, {"deployment", "b"})->made_by, kId);
}

TEST_F(CloneRules, C_48_AStateInFlightIsTakenBack) {
  Record({ItemOf(0, "a"), StatefulItem(1, "orders"), ItemOf(2, "b")});
  bool asked = false;
  stop_requested = [&] { return asked; };
  CatalogActions real(ActionOptions(), *catalog, Env());
  BreakingActions actions(real, Error(ErrorCode::kCancelled, "asked to stop"));
  actions.before_breaking = [&] { asked = true; };
  // The thread that looks for the request, done by hand: the engine asks between items.
  const auto interrupted = GoWith(actions, *store);
  ASSERT_FALSE(interrupted);
  EXPECT_EQ(interrupted.error().code(), ErrorCode::kCancelled);
  EXPECT_EQ(Statuses()["orders"], "copying_state");
  const auto run = Go();
  ASSERT_TRUE(run) << run.error().message();
  EXPECT_EQ(run->status, RunStatus::kStopped);
  EXPECT_THAT(Made(), ElementsAre("a"));
}

// Another run may have used the name of the directory since this one was planned.
TEST_F(CloneRules, C_19_TheStateOfAnotherRunIsNotTakenBack) {
  const Item orders = StatefulItem(0, "orders");
  Record({orders});
  auto begun = orders;
  begun.status = ItemStatus::kCopyingState;
  ASSERT_TRUE(store->PutStates(kId, std::span(&begun, 1)));
  CatalogActionsOptions others = ActionOptions();
  others.run_id = "clone-2";
  CatalogActions other(others, *catalog, Env());
  Item its = orders;
  its.to.name = "orders-clone-1";
  ASSERT_TRUE(other.MoveState(its, {}));
  ASSERT_TRUE((*other.Make(std::span(&its, 1), false))[0]);
  ASSERT_EQ(FilesIn("snapshots"), 9u);
  // Neither when this one fails because of that, nor when it is stopped.
  CatalogActions actions(ActionOptions(), *catalog, Env());
  ASSERT_TRUE(actions.DropState(orders));
  EXPECT_EQ(FilesIn("snapshots"), 9u);
  const auto run = Go();
  ASSERT_TRUE(run) << run.error().message();
  EXPECT_EQ(run->status, RunStatus::kCompletedWithFailures);
  EXPECT_THAT(Made("snapshot"), ElementsAre("sp-orders"));
  EXPECT_THAT(Made(), ElementsAre("orders-clone-1"));
  EXPECT_EQ(FilesIn("snapshots"), 9u);
}

TEST_F(CloneRules, C_47_AnInterruptedRunGoesOnAndMovesNothingTwice) {
  Record({ItemOf(0, "a"), StatefulItem(1, "orders"), ItemOf(2, "b")});
  {
    CatalogActions real(ActionOptions(), *catalog, Env());
    BreakingActions actions(real, Error(ErrorCode::kCancelled, "the process ends"));
    const auto interrupted = GoWith(actions, *store);
    ASSERT_FALSE(interrupted);
    EXPECT_THAT(Made(), ElementsAre("a", "orders?"));
  }
  // The name of its snapshot, and so the directory, is nobody else's meanwhile.
  EXPECT_THAT(Made("snapshot"), ElementsAre("sp-orders?"));
  CloseHome();
  OpenHome();
  const auto before = journal->List()->at(0).updated;
  clock.Advance(std::chrono::hours(1));
  const auto run = Go();
  ASSERT_TRUE(run) << run.error().message();
  EXPECT_EQ(run->status, RunStatus::kCompleted);
  EXPECT_THAT(Made(), ElementsAre("a", "b", "orders"));
  // A transfer that was committed and finds everything as it was is not written again.
  EXPECT_EQ(journal->List()->at(0).updated, before);
}

/// What no other item would get past either.
class CloneOutage : public CloneRules, public ::testing::WithParamInterface<ErrorCode> {
 protected:
  Error Broken() const { return Error(GetParam(), "the place is in trouble"); }
  /// The run has ended with that error and can go on; nothing has been given up.
  void ExpectInterrupted(OnFailure on_failure) {
    Record({ItemOf(0, "a"), StatefulItem(1, "orders"), StatefulItem(2, "b"), ItemOf(3, "c")});
    {
      CatalogActions real(ActionOptions(), *catalog, Env());
      BreakingActions actions(real, Broken());
      const auto interrupted = GoWith(actions, *store, on_failure);
      ASSERT_FALSE(interrupted) << RunStatusName(interrupted->status);
      EXPECT_EQ(interrupted.error().code(), GetParam());
      EXPECT_THAT(interrupted.error().message(), HasSubstr("deployment 'orders': the place"));
    }
    EXPECT_EQ((*store->Find(kId))->status, RunStatus::kRunning);
    EXPECT_THAT(Statuses(), ElementsAre(Pair("a", "succeeded"), Pair("b", "pending"),
                                        Pair("c", "pending"), Pair("orders", "copying_state")));
    const auto run = Go(on_failure);
    ASSERT_TRUE(run) << run.error().message();
    EXPECT_EQ(run->status, RunStatus::kCompleted);
    EXPECT_THAT(Made(), ElementsAre("a", "b", "c", "orders"));
    EXPECT_THAT(Made("snapshot"), ElementsAre("sp-b", "sp-orders"));
    for (const auto& [name, status] : Statuses()) EXPECT_EQ(status, "succeeded") << name;
  }
};
INSTANTIATE_TEST_SUITE_P(Codes, CloneOutage,
                         ::testing::Values(ErrorCode::kUnavailable, ErrorCode::kThrottled,
                                           ErrorCode::kNoSpace, ErrorCode::kIo,
                                           ErrorCode::kPermission, ErrorCode::kLocked),
                         [](const auto& code) { return std::string(ErrorCodeName(code.param)); });

TEST_P(CloneOutage, C_42_FailsNoItem) { ExpectInterrupted(OnFailure::kContinue); }
TEST_P(CloneOutage, C_43_InterruptsAndIsNoEnd) { ExpectInterrupted(OnFailure::kStop); }
TEST_P(CloneOutage, C_44_TakesNoStateAway) { ExpectInterrupted(OnFailure::kDropState); }

TEST_P(CloneOutage, C_42_WhereNamesAreTakenFailsNoItemEither) {
  Record({ItemOf(0, "a"), StatefulItem(1, "orders")});
  catalog::WatchedCatalog full(*catalog, [&](const catalog::Change& change) -> Result<void> {
    return change.phase == catalog::Phase::kInitializing ? Result<void>(Broken()) : Result<void>();
  });
  CatalogActions actions(ActionOptions(), full, Env());
  const auto interrupted = GoWith(actions, *store);
  ASSERT_FALSE(interrupted);
  EXPECT_EQ(interrupted.error().code(), GetParam());
  const auto run = Go();
  ASSERT_TRUE(run) << run.error().message();
  EXPECT_EQ(run->status, RunStatus::kCompleted);
}

TEST_F(CloneRules, C_42_AnErrorOfOneItemAndOneOfThePlaceAreToldApart) {
  for (const ErrorCode code : {ErrorCode::kNotFound, ErrorCode::kCorruption, ErrorCode::kConflict,
                               ErrorCode::kRefused, ErrorCode::kInvalidArgument})
    EXPECT_FALSE(InterruptsRun(Error(code, ""))) << ErrorCodeName(code);
}

// In the middle of a stop what cannot be moved any more is not waited for.
TEST_F(CloneRules, C_48_AnOutageDoesNotKeepARunFromStopping) {
  Record({ItemOf(0, "a"), StatefulItem(1, "orders"), ItemOf(2, "b")});
  stop_requested = [this] { return asked_to_stop.load(); };
  stop_poll = std::chrono::milliseconds(1);
  CatalogActions real(ActionOptions(), *catalog, Env());
  BreakingActions actions(real, Error(ErrorCode::kUnavailable, "503"));
  actions.before_breaking = [&] {
    asked_to_stop = true;
    while (!actions.stop_of_move.stop_requested()) std::this_thread::yield();
  };
  const auto run = GoWith(actions, *store);
  ASSERT_TRUE(run) << run.error().message();
  EXPECT_EQ(run->status, RunStatus::kStopped);
  EXPECT_EQ(Statuses()["orders"], "not_started");
  EXPECT_THAT(Made(), ElementsAre("a"));
  EXPECT_THAT(Made("snapshot"), IsEmpty());
  EXPECT_EQ(FilesIn("snapshots"), 0u);
}

TEST_F(CloneRules, C_49_EveryItemIsCountedOnceByItsKind) {
  auto items = Five();
  items[0].from.kind = items[0].to.kind = "variable";
  items[1].status = ItemStatus::kSkippedRunning;
  items[2] = BrokenItem(2, "c");
  Record(items);
  ASSERT_TRUE(Go(OnFailure::kStop));
  const auto totals = store->Count(kId);
  ASSERT_TRUE(totals);
  EXPECT_THAT(totals->at("variable"), ElementsAre(Pair(ItemStatus::kSucceeded, 1)));
  EXPECT_THAT(totals->at("deployment"),
              ElementsAre(Pair(ItemStatus::kSkippedRunning, 1), Pair(ItemStatus::kFailed, 1),
                          Pair(ItemStatus::kNotStarted, 2)));
}

TEST_F(CloneRules, C_40_ASkippedJobIsNoFailure) {
  auto items = Five();
  items[1].status = ItemStatus::kSkippedRunning;
  items[1].to.name = "";
  Record(items);
  const auto run = Go(OnFailure::kStop);
  ASSERT_TRUE(run) << run.error().message();
  EXPECT_EQ(run->status, RunStatus::kCompleted);
  EXPECT_THAT(Made(), ElementsAre("a", "c", "d", "e"));
}

TEST_F(WorkflowRig, ARunThatHasEndedStaysAsItIs) {
  Record(Five());
  ASSERT_TRUE(Go());
  sink.runs.clear();
  const auto again = Go();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->status, RunStatus::kCompleted);
  EXPECT_THAT(sink.runs, IsEmpty());
}

}  // namespace
}  // namespace stateferry::state::workflow
