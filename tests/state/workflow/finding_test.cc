#include "state/workflow/finding.h"

#include <gtest/gtest.h>

#include "state/workflow/run.h"

namespace stateferry::state::workflow {
namespace {

TEST(Finding, OnlyAnErrorKeepsARunFromStarting) {
  std::vector<Finding> findings{{.severity = Finding::Severity::kWarning, .rule = "C-18"}};
  EXPECT_TRUE(FirstError(findings));
  findings.push_back({.rule = "C-05", .category = "incompatible", .message = "m", .hint = "h"});
  const auto error = FirstError(findings);
  ASSERT_FALSE(error);
  EXPECT_EQ(error.error().rule(), "C-05");
  EXPECT_EQ(error.error().category(), "incompatible");
  EXPECT_EQ(error.error().hint(), "h");
}

TEST(Run, EveryStatusHasItsOwnName) {
  EXPECT_EQ(RunStatusName(RunStatus::kFailed), "failed");
  EXPECT_FALSE(IsTerminal(RunStatus::kStopping));
  EXPECT_EQ(ItemStatusName(ItemStatus::kNotStarted), "not_started");
  EXPECT_FALSE(IsTerminal(ItemStatus::kCreating));
}

}  // namespace
}  // namespace stateferry::state::workflow
