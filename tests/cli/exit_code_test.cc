#include "cli/exit_code.h"

#include <gtest/gtest.h>

namespace stateferry::cli {
namespace {

TEST(ExitCode, FollowsTheTable) {
  const std::pair<ErrorCode, int> cases[] = {
      {ErrorCode::kInvalidArgument, 2}, {ErrorCode::kRefused, 4},    {ErrorCode::kPermission, 5},
      {ErrorCode::kNotFound, 6},        {ErrorCode::kCorruption, 7}, {ErrorCode::kUnavailable, 8},
      {ErrorCode::kThrottled, 8},       {ErrorCode::kCancelled, 10}, {ErrorCode::kLocked, 11},
      {ErrorCode::kConflict, 11},       {ErrorCode::kNoSpace, 1},    {ErrorCode::kIo, 1},
      {ErrorCode::kInternal, 1},
  };
  for (const auto& [code, expected] : cases)
    EXPECT_EQ(static_cast<int>(ExitCodeOf(Error(code, "x"))), expected) << ErrorCodeName(code);
}

TEST(ExitCode, SaysThatARepetitionIsSafeWhenRetriesAreUsedUp) {
  EXPECT_EQ(ExitCodeOf(Error(ErrorCode::kIo, "x", Retry::kExhausted)), ExitCode::kTransient);
}

}  // namespace
}  // namespace stateferry::cli
