#include "state/workflow/at_work.h"

#include <gmock/gmock.h>

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

}  // namespace
}  // namespace stateferry::state::workflow
