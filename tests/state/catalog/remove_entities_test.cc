#include "state/catalog/remove_entities.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "state/catalog/memory_catalog.h"
#include "tests/fakes/fake_clock.h"

namespace stateferry::state::catalog {
namespace {

using ::testing::HasSubstr;

class RemoveEntitiesTest : public ::testing::Test {
 protected:
  void Put(const std::string& kind, const std::string& name, const Json& body,
           const std::string& made_by = "") {
    Change change{.scope = "ws/p", .entity = {{kind, name}, body}};
    change.made_by = made_by;
    ASSERT_TRUE(catalog_->Apply(std::vector{change}));
  }
  Result<void> Remove(const std::function<bool(const Record&)>& is_chosen) {
    SF_TRY(const auto removal, PlanRemoval(*catalog_, "ws/p", is_chosen));
    return RemoveEntities(*catalog_, "ws/p", removal);
  }
  Result<void> RemoveKind(const std::string& kind) {
    return Remove([&](const Record& record) { return record.entity.key.kind == kind; });
  }
  std::size_t Left() { return ListAll(*catalog_, "ws/p", "")->size(); }

  fakes::FakeClock clock_;
  std::unique_ptr<Catalog> catalog_ = MakeMemoryCatalog(clock_);
};

TEST_F(RemoveEntitiesTest, C_19_WhatACloneHasMadeGoesAndNothingElse) {
  Put("variable", "a", Json::object(), "clone-1");
  Put("variable", "b", Json::object(), "clone-2");
  Put("variable", "c", Json::object());
  ASSERT_TRUE(Remove([](const Record& record) { return record.made_by == "clone-1"; }));
  EXPECT_FALSE(*catalog_->Find("ws/p", {"variable", "a"}));
  EXPECT_EQ(Left(), 2u);
}

TEST_F(RemoveEntitiesTest, WhatIsNeededByWhatStaysIsRefused) {
  Put("deployment", "orders", Json::object());
  Put("job", "run", Json{{"deployment", "orders"}, {"status", {{"currentJobStatus", "FAILED"}}}});
  const auto refused = RemoveKind("deployment");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kRefused);
  EXPECT_THAT(refused.error().message(), HasSubstr("deployment 'orders' by job 'run'"));
  EXPECT_EQ(Left(), 2u);
  EXPECT_TRUE(Remove([](const Record&) { return true; })) << "both together may go";
  EXPECT_EQ(Left(), 0u);
}

TEST_F(RemoveEntitiesTest, ARunThatGoesOnIsRefused) {
  Put("deployment", "orders", Json::object());
  for (const char* status : {"STARTING", "RUNNING", "CANCELLING"}) {
    Put("job", "run", Json{{"deployment", "orders"}, {"status", {{"currentJobStatus", status}}}});
    const auto refused = RemoveKind("job");
    ASSERT_FALSE(refused) << status;
    EXPECT_THAT(refused.error().message(), HasSubstr("job 'run'"));
  }
  Put("job", "run", Json{{"deployment", "orders"}, {"status", {{"currentJobStatus", "FINISHED"}}}});
  EXPECT_TRUE(RemoveKind("job"));
}

TEST_F(RemoveEntitiesTest, WhatHasChangedSinceItWasChosenIsAConflict) {
  Put("variable", "a", Json::object());
  Put("variable", "b", Json::object());
  const auto removal = PlanRemoval(*catalog_, "ws/p", [](const Record&) { return true; });
  ASSERT_TRUE(removal);
  Put("variable", "b", Json{{"value", "new"}});
  const auto refused = RemoveEntities(*catalog_, "ws/p", *removal);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kConflict);
  EXPECT_EQ(Left(), 2u);
}

}  // namespace
}  // namespace stateferry::state::catalog
