#include "state/clone/clone_request.h"

#include <gtest/gtest.h>

namespace stateferry::state::clone {
namespace {

TEST(CloneRequest, ComesBackFromItsJson) {
  const CloneRequest request{.source = "a/p",
                             .target = "b/p",
                             .account = "alice",
                             .selection = {.kinds = {"deployment"}, .names = {"orders*"}},
                             .state = StateStrategy::kStateless,
                             .running = RunningStrategy::kInclude,
                             .on_error = OnError::kStop,
                             .max_snapshot_age = std::chrono::minutes(5),
                             .name_template = "Backup_{date:%Y%m%d}",
                             .label = "backup"};
  const auto again = CloneRequestFromJson(ToJson(request));
  ASSERT_TRUE(again);
  EXPECT_EQ(ToJson(*again), ToJson(request));
}

TEST(CloneRequest, UnknownStrategyIsRefusedByRule) {
  const auto request = CloneRequestFromJson(Json{{"onError", "explode"}});
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().rule(), "C-37");
  EXPECT_EQ(request.error().category(), "usage");
}

TEST(CloneRequest, C_25_ASavepointThatNobodyCanTakeIsRefused) {
  const auto request = CloneRequestFromJson(Json{{"triggerSavepoint", true}});
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().rule(), "C-25");
  EXPECT_EQ(request.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_NE(request.error().hint(), "");
  EXPECT_FALSE(CloneRequestFromJson(Json{{"triggerSavepoint", "yes"}}));
  EXPECT_TRUE(CloneRequestFromJson(Json{{"triggerSavepoint", false}}));
}

}  // namespace
}  // namespace stateferry::state::clone
