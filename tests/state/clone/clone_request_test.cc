#include "state/clone/clone_request.h"

#include <gtest/gtest.h>

#include <limits>

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

TEST(CloneRequest, C_37_AnUnknownStrategyIsRefused) {
  const auto request = CloneRequestFromJson(Json{{"onError", "explode"}});
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().rule(), "C-37");
  EXPECT_EQ(request.error().category(), "usage");
}

TEST(CloneRequest, C_37_ValuesOfAnotherTypeAreRefused) {
  for (const Json& bad :
       {Json{{"state", true}}, Json{{"running", 1}}, Json{{"onError", 5}},
        Json{{"maxSnapshotAgeSeconds", -1}}, Json{{"maxSnapshotAgeSeconds", "1h"}},
        Json{{"maxSnapshotAgeSeconds", 1.5}},
        Json{{"maxSnapshotAgeSeconds", std::numeric_limits<std::uint64_t>::max()}},
        Json{{"kinds", "deployment"}}, Json{{"names", {1}}}, Json{{"account", 7}},
        Json{{"label", Json::array()}}}) {
    const auto request = CloneRequestFromJson(bad);
    ASSERT_FALSE(request) << bad.dump();
    EXPECT_EQ(request.error().rule(), "C-37") << bad.dump();
    EXPECT_EQ(request.error().category(), "usage");
    EXPECT_EQ(request.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_NE(request.error().message().find(bad.begin().key()), std::string::npos);
  }
}

TEST(CloneRequest, C_37_WhatIsNotGivenHasItsDefault) {
  const auto request = CloneRequestFromJson(Json::object());
  ASSERT_TRUE(request);
  const Json shown = ToJson(*request);
  EXPECT_EQ(shown["state"], "stateful");
  EXPECT_EQ(shown["running"], "skip");
  EXPECT_EQ(shown["onError"], "continue");
  EXPECT_EQ(shown["maxSnapshotAgeSeconds"], 3600);
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
