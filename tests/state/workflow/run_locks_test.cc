#include "state/workflow/run_locks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "state/catalog/memory_catalog.h"
#include "tests/fakes/fake_clock.h"

namespace stateferry::state::workflow {
namespace {

using ::testing::HasSubstr;

workflow::Run RunOf(const std::string& id, const std::string& source, const std::string& target) {
  workflow::Run run;
  run.id = id;
  run.source = source;
  run.target = target;
  return run;
}

TEST(CloneLockRules, C_10_ASourceGoesToOneTargetAtATime) {
  RunLocks locks;
  {
    const auto first = locks.Take(RunOf("clone-1", "ws/a", "ws/b"), {});
    ASSERT_TRUE(first);
    const auto second = locks.Take(RunOf("clone-2", "ws/a", "ws/c"), {});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code(), ErrorCode::kConflict);
    EXPECT_EQ(second.error().rule(), "C-10");
    EXPECT_EQ(second.error().category(), "conflict");
    EXPECT_THAT(second.error().message(), HasSubstr("clone-1"));
  }
  EXPECT_TRUE(locks.Take(RunOf("clone-2", "ws/a", "ws/c"), {}));
}

TEST(CloneLockRules, C_11_ATargetTakesFromOneSourceAtATime) {
  RunLocks locks;
  const auto first = locks.Take(RunOf("clone-1", "ws/a", "ws/b"), {});
  ASSERT_TRUE(first);
  const auto second = locks.Take(RunOf("clone-2", "ws/c", "ws/b"), {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().rule(), "C-11");
  EXPECT_TRUE(locks.Take(RunOf("clone-3", "ws/c", "ws/d"), {}));
}

class GuardedCatalogTest : public ::testing::Test {
 protected:
  Result<void> Put(const std::string& scope, const std::string& name) {
    const catalog::Change change{.scope = scope, .entity = {{"deployment", name}, Json::object()}};
    return guarded->Apply(std::span(&change, 1));
  }

  fakes::FakeClock clock;
  std::unique_ptr<catalog::Catalog> inner = catalog::MakeMemoryCatalog(clock);
  RunLocks locks;
  std::unique_ptr<catalog::Catalog> guarded = GuardCatalog(*inner, locks);
};

using GuardedCloneRules = GuardedCatalogTest;

TEST_F(GuardedCloneRules, C_17_WhatACloneNeedsCannotBeChangedWhileItRuns) {
  ASSERT_TRUE(Put("ws/a", "selected"));
  {
    const auto lease = locks.Take(RunOf("clone-1", "ws/a", "ws/b"), {{"deployment", "selected"}});
    ASSERT_TRUE(lease);
    const auto refused = Put("ws/a", "selected");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::kLocked);
    EXPECT_EQ(refused.error().rule(), "C-17");
    EXPECT_FALSE(Put("ws/b", "anything"));
    const catalog::Change gone{.what = catalog::Change::What::kDelete,
                               .scope = "ws/a",
                               .entity = {{"deployment", "selected"}, Json::object()}};
    EXPECT_FALSE(guarded->Apply(std::span(&gone, 1)));
    // the rest of the source is free, and reading always works.
    EXPECT_TRUE(Put("ws/a", "not-selected"));
    EXPECT_TRUE(Put("ws/c", "elsewhere"));
    EXPECT_TRUE(catalog::Get(*guarded, "ws/a", {"deployment", "selected"}));
  }
  EXPECT_TRUE(Put("ws/a", "selected"));
  EXPECT_TRUE(Put("ws/b", "anything"));
}

TEST_F(GuardedCloneRules, C_17_TheProjectsThemselvesAreLocked) {
  const auto lease = locks.Take(RunOf("clone-1", "ws/a", "ws/b"), {});
  ASSERT_TRUE(lease);
  for (const char* project : {"ws/a", "ws/b"}) {
    const catalog::Change change{.entity = {{"project", project}, Json::object()}};
    EXPECT_FALSE(guarded->Apply(std::span(&change, 1))) << project;
  }
}

}  // namespace
}  // namespace stateferry::state::workflow
