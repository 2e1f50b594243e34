#include "storage/given_options.h"

#include <gtest/gtest.h>

namespace stateferry::storage {
namespace {

std::string Completed(GivenOptions& options, const char* text) {
  return options.Complete(*ParseLocation(text)).ToUri();
}

TEST(GivenOptions, AreThoseOfTheInnermostPlaceElseOfTheFirstInTheBucket) {
  GivenOptions options;
  EXPECT_EQ(Completed(options, "s3://b/cp/shared/x"), "s3://b/cp/shared/x");
  EXPECT_EQ(Completed(options, "s3://b/cp/chk-7?region=one"), "s3://b/cp/chk-7?region=one");
  EXPECT_EQ(Completed(options, "s3://b/new?region=two"), "s3://b/new?region=two");
  EXPECT_EQ(Completed(options, "s3://b/new/inner?region=three"), "s3://b/new/inner?region=three");
  EXPECT_EQ(Completed(options, "s3://b/cp/chk-7/_metadata"),
            "s3://b/cp/chk-7/_metadata?region=one");
  EXPECT_EQ(Completed(options, "s3://b/cp/shared/x"), "s3://b/cp/shared/x?region=one");
  EXPECT_EQ(Completed(options, "s3://b/new/x"), "s3://b/new/x?region=two");
  EXPECT_EQ(Completed(options, "s3://b/new/inner/x"), "s3://b/new/inner/x?region=three");
  EXPECT_EQ(Completed(options, "s3://b/newer"), "s3://b/newer?region=one");
}

TEST(GivenOptions, StayInTheirBucket) {
  GivenOptions options;
  EXPECT_EQ(Completed(options, "s3://b/?region=one"), "s3://b/?region=one");
  EXPECT_EQ(Completed(options, "s3://other/x"), "s3://other/x");
  EXPECT_EQ(Completed(options, "oss://b/x"), "oss://b/x");
  EXPECT_EQ(Completed(options, "/b/x"), "file:/b/x");
}

}  // namespace
}  // namespace stateferry::storage
