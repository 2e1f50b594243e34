// A clone while it is checked: recorded before (C-45), done again after an interruption (C-47),
// ended by a stop (C-48).
#include <fmt/format.h>

#include <atomic>
#include <thread>

#include "state/catalog/forwarding_catalog.h"
#include "state/workflow/stop_request.h"
#include "tests/state/clone/whole_clone_rig.h"

namespace stateferry::state::clone {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

/// Waits for something before the first entities are listed.
class WaitingCatalog final : public catalog::ForwardingCatalog {
 public:
  WaitingCatalog(catalog::Catalog& inner, std::function<bool()> over)
      : ForwardingCatalog(inner), over_(std::move(over)) {}
  Result<void> List(const catalog::Scope& scope, std::string_view kind,
                    const catalog::RecordVisitor& visit) override {
    for (int i = 0; i < 6000 && !over_(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return ForwardingCatalog::List(scope, kind, visit);
  }

 private:
  const std::function<bool()> over_;
};

class CheckingAClone : public WholeCloneRig {
 protected:
  void SetUp() override {
    WholeCloneRig::SetUp();
    UseManagedStore();
    PutOrders();
  }
  workflow::Run Recorded() {
    const auto recorded = workflow::GetRun(*store, "clone-1");
    EXPECT_TRUE(recorded) << recorded.error().message();
    return recorded ? *recorded : workflow::Run{};
  }
  void Record() {
    auto recorded = RecordClone(request, "clone-1", clock, *store);
    ASSERT_TRUE(recorded) << recorded.error().message();
    run = *recorded;
  }
  Result<workflow::Run> RunIt(std::stop_token stop = {}) {
    const transfer::TransferEnv transfer{places, *journal, clock, progress, std::move(stop)};
    return RunClone({.id = "clone-1", .home_dir = dir.File("home")},
                    {*catalog, *store, transfer, sink, FileIo()});
  }
  PlanEnv Env(std::stop_token stop = {}) { return {*catalog, places, clock, std::move(stop)}; }
  std::size_t AtTarget() {
    std::size_t count = 0;
    for (const auto& [key, record] : Records("dst/p")) count += key.kind == "member" ? 0 : 1;
    return count;
  }
};

TEST_F(CheckingAClone, C_45_TheRecordIsThereBeforeAnythingIsLookedAt) {
  request.source = "src/nowhere";
  Record();
  EXPECT_EQ(Recorded().status, workflow::RunStatus::kChecking);
  EXPECT_EQ(Recorded().source, "src/nowhere");
}

TEST_F(CheckingAClone, C_37_WhatNobodyCouldReadBackIsNotRecorded) {
  request.max_snapshot_age = std::chrono::seconds(-1);
  const auto recorded = RecordClone(request, "clone-1", clock, *store);
  ASSERT_FALSE(recorded);
  EXPECT_EQ(recorded.error().rule(), "C-37");
  EXPECT_FALSE(*store->Find("clone-1"));
}

TEST_F(CheckingAClone, C_45_ACloneThatWasStartedAndIsRefusedFailsWithAllThatWasFound) {
  request.account = "mallory";
  request.selection.names = {"no-such*"};
  Record();
  const auto ended = RunIt();
  ASSERT_TRUE(ended) << ended.error().message();
  EXPECT_EQ(ended->status, workflow::RunStatus::kFailed);
  EXPECT_EQ(Recorded().status, workflow::RunStatus::kFailed);
  EXPECT_NE(Recorded().ended, "");
  EXPECT_NE(Recorded().error, "");
  const auto findings = store->Findings("clone-1");
  ASSERT_TRUE(findings);
  std::vector<std::string> errors;
  for (const Finding& finding : *findings)
    if (finding.severity == Finding::Severity::kError) errors.push_back(finding.rule);
  EXPECT_THAT(errors, UnorderedElementsAre("C-15", "C-36"));
  EXPECT_EQ(workflow::FirstError(*findings).error().message(), Recorded().error);
  EXPECT_EQ(AtTarget(), 0u);
  // An end is an end.
  EXPECT_EQ(RunIt()->status, workflow::RunStatus::kFailed);
}

TEST_F(CheckingAClone, C_47_ASignalWhileItIsCheckedLeavesItToBeResumed) {
  std::stop_source signal;
  signal.request_stop();
  const auto started = StartClone(request, "clone-1", Env(signal.get_token()), *store);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code(), ErrorCode::kCancelled);
  const auto again = RunIt(signal.get_token());
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), ErrorCode::kCancelled);
  run = Recorded();
  EXPECT_EQ(run.status, workflow::RunStatus::kChecking);
  Go(*catalog);
  EXPECT_THAT(Verify(), IsEmpty());
}

TEST_F(CheckingAClone, C_47_AStorageThatIsAwayWhileItIsCheckedLeavesItToBeResumed) {
  Record();
  bucket->Fail({.op = fakes::BackendOp::kList, .error = Error(ErrorCode::kUnavailable, "503")});
  const auto failed = RunIt();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(Recorded().status, workflow::RunStatus::kChecking);
  // Whoever asks later is told why.
  const auto why = workflow::FirstError(*store->Findings("clone-1"));
  ASSERT_FALSE(why);
  EXPECT_EQ(why.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(why.error().message(), failed.error().message());
  Go(*catalog);
  EXPECT_TRUE(workflow::FirstError(*store->Findings("clone-1")));
  EXPECT_THAT(Verify(), IsEmpty());
}

TEST_F(CheckingAClone, C_47_AStartThatFailsKeepsTheReasonWithItsRecord) {
  bucket->Fail({.op = fakes::BackendOp::kList,
                .error = Error(ErrorCode::kIo, "reset", Retry::kExhausted).WithHint("wait")});
  ASSERT_FALSE(StartClone(request, "clone-1", Env(), *store));
  const auto why = workflow::FirstError(*store->Findings("clone-1"));
  ASSERT_FALSE(why);
  // What can be acted on: repetitions are used up.
  EXPECT_EQ(why.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(why.error().hint(), "wait");
  EXPECT_FALSE(workflow::IsTerminal(Recorded().status));
}

/// Records whose process is killed after the `at`-th write.
class DyingRuns final : public workflow::RunStore {
 public:
  DyingRuns(workflow::RunStore& inner, int at) : inner_(inner), at_(at) {}
  bool dead() const { return writes_ >= at_; }

  Result<std::vector<workflow::Run>> List(const workflow::RunFilter& filter) override {
    return inner_.List(filter);
  }
  Result<std::optional<workflow::Run>> Find(const std::string& id) override {
    return inner_.Find(id);
  }
  Result<std::vector<Finding>> Findings(const std::string& id) override {
    return inner_.Findings(id);
  }
  Result<std::vector<Item>> Items(const std::string& id, std::uint64_t first,
                                  std::size_t limit) override {
    return inner_.Items(id, first, limit);
  }
  Result<std::vector<Item>> WithStatus(const std::string& id, ItemStatus status) override {
    return inner_.WithStatus(id, status);
  }
  Result<workflow::Totals> Count(const std::string& id) override { return inner_.Count(id); }
  Result<void> PutRun(const workflow::Run& run) override {
    return Write([&] { return inner_.PutRun(run); });
  }
  Result<void> AddItems(const std::string& id, std::span<const Item> items) override {
    return Write([&] { return inner_.AddItems(id, items); });
  }
  Result<void> PutFindings(const std::string& id, std::span<const Finding> findings) override {
    return Write([&] { return inner_.PutFindings(id, findings); });
  }
  Result<void> PutStates(const std::string& id, std::span<const Item> items) override {
    return Write([&] { return inner_.PutStates(id, items); });
  }
  Result<void> RemoveItems(const std::string& id) override {
    return Write([&] { return inner_.RemoveItems(id); });
  }
  Result<void> Remove(const std::string& id) override {
    return Write([&] { return inner_.Remove(id); });
  }

 private:
  Result<void> Write(const std::function<Result<void>()>& write) {
    if (dead()) return Error(ErrorCode::kIo, "killed");
    ++writes_;
    return write();
  }
  workflow::RunStore& inner_;
  const int at_;
  int writes_ = 0;
};

TEST_F(CheckingAClone, C_48_AStopLeavesNothingOfACheckThatWasKilledBefore) {
  for (const bool refused : {false, true}) {
    request.account = refused ? "mallory" : "alice";
    bool killed = true;
    for (int write = 1; killed; ++write) {
      SCOPED_TRACE(fmt::format("refused {}, killed after write {}", refused, write));
      ASSERT_TRUE(store->Remove("clone-1"));
      Record();
      DyingRuns dying(*store, write);
      killed = !CheckClone(run, Env(), dying);
      EXPECT_TRUE(!killed || dying.dead());
      if (!killed) {
        EXPECT_GT(write, refused ? 2 : 3);
        break;
      }
      ASSERT_TRUE(workflow::RequestStop(FileIo(), dir.File("home"), "clone-1"));
      const auto ended = RunIt();
      ASSERT_TRUE(ended) << ended.error().message();
      EXPECT_EQ(ended->status, workflow::RunStatus::kStopped);
      EXPECT_EQ(store->Count("clone-1")->size(), 0u);
      EXPECT_THAT(*store->Findings("clone-1"), IsEmpty());
    }
  }
}

TEST_F(CheckingAClone, C_48_AStopThatWasAskedForBeforeEndsTheCheck) {
  Record();
  ASSERT_TRUE(workflow::RequestStop(FileIo(), dir.File("home"), "clone-1"));
  const auto ended = RunIt();
  ASSERT_TRUE(ended) << ended.error().message();
  EXPECT_EQ(ended->status, workflow::RunStatus::kStopped);
  EXPECT_EQ(Recorded().status, workflow::RunStatus::kStopped);
  EXPECT_NE(Recorded().ended, "");
  EXPECT_EQ(store->Count("clone-1")->size(), 0u);
  EXPECT_EQ(AtTarget(), 0u);
  EXPECT_FALSE(workflow::StopRequested(FileIo(), dir.File("home"), "clone-1"));
}

TEST_F(CheckingAClone, C_48_AStopEndsACheckThatIsUnderWay) {
  Record();
  std::atomic<int> asked = 0;
  WaitingCatalog waiting(*catalog, [&] { return asked >= 2; });
  const auto plan =
      CheckClone(run, {waiting, places, clock, {}}, *store, [&] { return ++asked >= 2; });
  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_EQ(Recorded().status, workflow::RunStatus::kStopped);
  EXPECT_EQ(run.status, workflow::RunStatus::kStopped);
  EXPECT_EQ(store->Count("clone-1")->size(), 0u);
}

}  // namespace
}  // namespace stateferry::state::clone
