#include "base/result.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <map>
#include <memory>

namespace stateferry {
namespace {

Result<int> Half(int number) {
  if (number % 2 != 0) return Error(ErrorCode::kInvalidArgument, "odd");
  return number / 2;
}
Result<void> CheckEven(int number) {
  SF_TRY(Half(number));
  return {};
}
Result<int> Quarter(int number) {
  SF_TRY(int half, Half(number));
  SF_TRY(const int quarter, Half(half));
  return quarter;
}

TEST(Result, TryGivesTheValueOrReturnsTheError) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(6).error().message(), "odd");
  EXPECT_EQ(Quarter(3).error().code(), ErrorCode::kInvalidArgument);
  EXPECT_TRUE(CheckEven(2));
  EXPECT_FALSE(CheckEven(3));
}

TEST(Result, TryEvaluatesOnce) {
  int calls = 0;
  auto call = [&]() -> Result<int> { return ++calls; };
  auto use = [&]() -> Result<int> {
    SF_TRY(int value, call());
    SF_TRY(call());
    return value;
  };
  EXPECT_EQ(*use(), 1);
  EXPECT_EQ(calls, 2);
}

TEST(Result, MovesWhatCannotBeCopied) {
  auto make = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(7); };
  auto pass = [&]() -> Result<std::unique_ptr<int>> {
    SF_TRY(auto pointer, make());
    return pointer;
  };
  EXPECT_EQ(**pass(), 7);
}

TEST(Error, ContextGoesInFrontAndKeepsTheRest) {
  const Error inner = Error(ErrorCode::kThrottled, "503", Retry::kMayHelp).WithHint("wait");
  const Error outer = inner.WithContext("reading chk-7");
  EXPECT_EQ(outer.message(), "reading chk-7: 503");
  EXPECT_EQ(outer.code(), ErrorCode::kThrottled);
  EXPECT_EQ(outer.retry(), Retry::kMayHelp);
  EXPECT_EQ(outer.hint(), "wait");
  EXPECT_EQ(inner.message(), "503");
}

TEST(Error, ErrnoHasACodeThatACallerCanActOn) {
  const std::map<int, ErrorCode> expected = {
      {ENOENT, ErrorCode::kNotFound},
      {EACCES, ErrorCode::kPermission},
      {EROFS, ErrorCode::kPermission},
      {ENOSPC, ErrorCode::kNoSpace},
      {EDQUOT, ErrorCode::kNoSpace},
      {EEXIST, ErrorCode::kConflict},
      {ENOTEMPTY, ErrorCode::kConflict},
      {ENAMETOOLONG, ErrorCode::kInvalidArgument},
      {EIO, ErrorCode::kIo},
      {EMFILE, ErrorCode::kIo},
  };
  for (const auto& [errnum, code] : expected) {
    const Error error = ErrnoError(errnum, "opening /x");
    EXPECT_EQ(error.code(), code) << errnum;
    EXPECT_TRUE(error.message().starts_with("opening /x: ")) << error.message();
  }
}

TEST(ResultDeathTest, AnUncheckedErrorEndsTheProcessWithItsMessage) {
  Result<int> result = Error(ErrorCode::kIo, "the disk is gone");
  EXPECT_DEATH((void)result.value(), "the disk is gone");
  EXPECT_DEATH(SF_ASSERT(1 + 1 == 3), "1 \\+ 1 == 3");
}

}  // namespace
}  // namespace stateferry
