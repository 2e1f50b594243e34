#include "state/workflow/at_work.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <functional>

#include "tests/fakes/at_sleep.h"
#include "tests/state/workflow/workflow_rig.h"

namespace stateferry::state::workflow {
namespace {

using ::testing::HasSubstr;

using AtWorkRules = WorkflowRig;

TEST_F(AtWorkRules, C_17_WhoCannotChangeAnythingIsToldWhichCloneIsAtWork) {
  Record(Five());
  const auto why = [&] {
    return WhyUnchangeable(FileIo(), clock, dir.path(), Error(ErrorCode::kLocked, "it is locked"));
  };
  workflow::Run run = *GetRun(*store, kId);
  run.status = RunStatus::kRunning;
  run.updated = FormatTime(clock.Now());
  ASSERT_TRUE(store->PutRun(run));
  EXPECT_EQ(why().code(), ErrorCode::kLocked);
  EXPECT_EQ(why().rule(), "C-17");
  EXPECT_EQ(why().category(), "locked");
  EXPECT_THAT(why().message(), HasSubstr(kId));
  EXPECT_THAT(why().hint(), HasSubstr(kId));
  // Somebody else has the lock.
  run.status = RunStatus::kCompleted;
  ASSERT_TRUE(store->PutRun(run));
  EXPECT_EQ(why().message(), "it is locked");
}

TEST_F(AtWorkRules, C_10_TheRunThatTheLockIsHeldForIsWaitedForUntilItIsRecorded) {
  fakes::AtSleep slow(50, [&] {
    Record(Five());
    workflow::Run run = *GetRun(*store, kId);
    run.status = RunStatus::kChecking;
    ASSERT_TRUE(store->PutRun(run));
  });
  const Error why = WhyLocked(FileIo(), slow, dir.path(), "ws/from", "ws/elsewhere",
                              Error(ErrorCode::kLocked, "it is locked"));
  EXPECT_EQ(why.code(), ErrorCode::kConflict);
  EXPECT_EQ(why.rule(), "C-10");
  EXPECT_THAT(why.message(), HasSubstr(kId));
}

/// What happens in another process at the `at`-th step of a look at the home; at a later one when
/// it says that it could not.
class AtStep final : public IoHooks {
 public:
  AtStep(int at, std::function<bool()> event) : at_(at), event_(std::move(event)) {}
  Result<void> Before(IoOp, std::string_view) override {
    if (++steps_ >= at_ && !happened_) happened_ = event_();
    return {};
  }
  bool happened() const { return happened_; }

 private:
  const int at_;
  int steps_ = 0;
  bool happened_ = false;
  std::function<bool()> event_;
};

class Looking : public WorkflowRig {
 protected:
  /// Lets `event` happen at each step of a look in turn, after `prepare`, and calls `check` with
  /// what was seen of the run: nothing, or its status, or "interrupted".
  void AtEachStep(const std::function<void()>& prepare, const std::function<bool()>& event,
                  const std::function<void(const std::string& shown, bool event_came)>& check) {
    for (int step = 1;; ++step) {
      SCOPED_TRACE("at step " + std::to_string(step));
      prepare();
      AtStep other(step, event);
      const auto seen = LookAtRuns(FileIo(&other), clock, dir.path());
      ASSERT_TRUE(seen) << seen.error().message();
      const auto run = seen->store->Find(kId);
      ASSERT_TRUE(run) << run.error().message();
      const bool came = other.happened();
      if (!*run)
        check("", came);
      else if (IsTerminal((*run)->status) || IsAtWork(seen->lock, **run))
        check(std::string(RunStatusName((*run)->status)), came);
      else
        check("interrupted", came);
      if (!came) {
        EXPECT_GT(step, 4);
        return;
      }
    }
  }
  void PutStatus(RunStatus status) {
    workflow::Run run = *GetRun(*store, kId);
    run.status = status;
    ASSERT_TRUE(store->PutRun(run));
  }
  /// A new run, whose process holds the lock.
  void BeginAgain() {
    CloseHome();
    clock.Advance(std::chrono::milliseconds(1));
    OpenHome();
    ASSERT_TRUE(store->Remove(kId));
    Record(Five());
    PutStatus(RunStatus::kRunning);
  }
  bool EndIt() {
    PutStatus(RunStatus::kCompleted);
    CloseHome();
    return true;
  }
};

TEST_F(Looking, C_47_ARunThatEndsMeanwhileIsNeverCalledInterrupted) {
  AtEachStep([&] { BeginAgain(); }, [&] { return EndIt(); },
             [&](const std::string& shown, bool came) {
               EXPECT_TRUE(shown == "running" || (came && shown == "completed")) << shown;
             });
}

TEST_F(Looking, C_47_ARunThatBeginsAndEndsMeanwhileIsNeverCalledInterrupted) {
  AtEachStep(
      [&] {
        if (!lock) OpenHome();
        ASSERT_TRUE(store->Remove(kId));
        CloseHome();
        clock.Advance(std::chrono::milliseconds(1));
      },
      [&] {
        // Whoever looks at a free lock holds it for that moment.
        if (!transfer::HomeLock::Take(FileIo(), clock, dir.path())) return false;
        clock.Advance(std::chrono::milliseconds(1));
        OpenHome();
        Record(Five());
        return EndIt();
      },
      [&](const std::string& shown, bool came) {
        EXPECT_TRUE(shown.empty() || (came && shown == "completed")) << shown;
      });
}

TEST_F(Looking, C_47_ARunThatIsHandedToAWorkerIsNeverCalledInterrupted) {
  AtEachStep([&] { BeginAgain(); },
             [&] {
               clock.Advance(std::chrono::seconds(5));
               auto heir =
                   transfer::HomeLock::Inherit(FileIo(), clock, dir.path(), dup(lock->fd()));
               EXPECT_TRUE(heir) << heir.error().message();
               lock = std::move(*heir);
               return true;
             },
             [&](const std::string& shown, bool) { EXPECT_EQ(shown, "running"); });
}

TEST_F(Looking, C_47_ARunThatGoesOnIsAtWorkBeforeAnythingOfItIsWritten) {
  BeginAgain();
  CloseHome();
  clock.Advance(std::chrono::hours(1));
  OpenHome();
  const auto seen = LookAtRuns(FileIo(), clock, dir.path());
  ASSERT_TRUE(seen);
  EXPECT_TRUE(IsAtWork(seen->lock, *GetRun(*seen->store, kId)));
}

TEST_F(Looking, C_47_ARunWhoseProcessIsGoneIsInterrupted) {
  AtEachStep([&] { BeginAgain(); },
             [&] {
               CloseHome();
               return true;
             },
             [&](const std::string& shown, bool came) {
               EXPECT_TRUE(shown == "running" || (came && shown == "interrupted")) << shown;
             });
  CloseHome();
  auto seen = LookAtRuns(FileIo(), clock, dir.path());
  ASSERT_TRUE(seen);
  EXPECT_FALSE(IsAtWork(seen->lock, *GetRun(*seen->store, kId)));
  // Also when somebody has the lock for something else.
  const auto other = transfer::HomeLock::Take(FileIo(), clock, dir.path());
  ASSERT_TRUE(other);
  seen = LookAtRuns(FileIo(), clock, dir.path());
  ASSERT_TRUE(seen);
  EXPECT_FALSE(IsAtWork(seen->lock, *GetRun(*seen->store, kId)));
}

}  // namespace
}  // namespace stateferry::state::workflow
