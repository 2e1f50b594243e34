#include "storage/s3/read_policy.h"

#include <gtest/gtest.h>

namespace stateferry::storage::s3 {
namespace {

// What is printed is compared in tests/golden, what it does in tests/s3/read_only_test.py.

TEST(ReadPolicy, TakesNoPatternsForNames) {
  for (const char* text : {"a*", "a?", "${aws:username}"}) {
    ReadPolicy policy{.principal = "arn:aws:iam::1:root", .bucket = "b", .prefix = text};
    EXPECT_EQ(ReadOnlyPolicy(policy).error().code(), ErrorCode::kInvalidArgument) << text;
    policy = {.principal = text, .bucket = "b"};
    EXPECT_EQ(ReadOnlyPolicy(policy).error().code(), ErrorCode::kInvalidArgument) << text;
  }
}

TEST(ReadPolicy, IsForSomebody) {
  EXPECT_EQ(ReadOnlyPolicy({.principal = "*", .bucket = "b"}).error().code(), ErrorCode::kRefused);
  EXPECT_EQ(ReadOnlyPolicy({.principal = "", .bucket = "b"}).error().code(),
            ErrorCode::kInvalidArgument);
}

TEST(ReadPolicy, DoesNotRepeatWhatIsNoBucket) {
  const auto policy = ReadOnlyPolicy({.principal = "p", .bucket = "KEY:SECRET@b"});
  ASSERT_FALSE(policy);
  EXPECT_EQ(policy.error().message().find("SECRET"), std::string::npos);
}

TEST(ReadPolicy, KnowsWhoseAnArnIs) {
  EXPECT_EQ(*PolicyKindOf("arn:aws-us-gov:iam::1:root"), PolicyKind::kS3);
  EXPECT_EQ(*PolicyKindOf("arn:sts::1:assumed-role/r/s"), PolicyKind::kOss);
  EXPECT_FALSE(PolicyKindOf("1234567890123456"));
}

}  // namespace
}  // namespace stateferry::storage::s3
