#include "storage/given_options.h"

#include <gtest/gtest.h>

namespace stateferry::storage {
namespace {

GivenOptions Given(std::initializer_list<const char*> places) {
  GivenOptions options;
  for (const char* place : places) options.Give(*ParseLocation(place));
  return options;
}

std::string Completed(const GivenOptions& options, const char* text) {
  const auto location = options.Complete(*ParseLocation(text));
  return location ? location->ToUri() : location.error().message();
}

TEST(GivenOptions, HoldForTheWholeBucketWhenAllPlacesInItHaveTheSame) {
  const auto options = Given({"s3://b/cp/chk-7?region=one", "s3://b/new?region=one"});
  EXPECT_EQ(Completed(options, "s3://b/cp/chk-7/_metadata"),
            "s3://b/cp/chk-7/_metadata?region=one");
  EXPECT_EQ(Completed(options, "s3://b/shared/x"), "s3://b/shared/x?region=one");
  EXPECT_EQ(Completed(options, "s3://b/x?region=two"), "s3://b/x?region=two");
}

// Both buckets are called b, and they lie at two services.
TEST(GivenOptions, OfOneSideAreNotThoseOfAPlaceThatWasGivenWithout) {
  const auto options = Given({"s3://b/x", "s3://b/y?endpoint=http://other"});
  EXPECT_EQ(Completed(options, "s3://b/x/f"), "s3://b/x/f");
  EXPECT_EQ(Completed(options, "s3://b/shared/f"), "s3://b/shared/f");
  EXPECT_EQ(Completed(options, "s3://b/y/f?endpoint=http://other"),
            "s3://b/y/f?endpoint=http://other");
}

TEST(GivenOptions, AreNotGuessedWhenTheyDiffer) {
  const auto options = Given({"s3://b/x?profile=one", "s3://b/y?profile=two"});
  const auto location = options.Complete(*ParseLocation("s3://b/x/f"));
  ASSERT_FALSE(location);
  EXPECT_EQ(location.error().code(), ErrorCode::kRefused);
}

TEST(GivenOptions, WhatIsSaidOfNewObjectsDoesNotMakeAPlaceAnother) {
  const auto options = Given({"s3://b/x?region=one", "s3://b/y?region=one&sse=AES256&tag.a=b"});
  EXPECT_EQ(Completed(options, "s3://b/x/f"), "s3://b/x/f?region=one");
}

TEST(GivenOptions, StayInTheirBucket) {
  const auto options = Given({"s3://b?region=one", "/b/x"});
  EXPECT_EQ(Completed(options, "s3://other/x"), "s3://other/x");
  EXPECT_EQ(Completed(options, "oss://b/x"), "oss://b/x");
  EXPECT_EQ(Completed(options, "/b/x"), "file:/b/x");
}

}  // namespace
}  // namespace stateferry::storage
