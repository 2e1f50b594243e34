// From locations and the environment to hosts, regions and paths.

#include "storage/s3/bucket.h"

#include <gtest/gtest.h>

namespace stateferry::storage::s3 {
namespace {

Result<Bucket> Resolve(const std::string& uri, const Variables& environment = {}) {
  SF_TRY(const auto location, storage::ParseLocation(uri));
  return ResolveBucket(location, environment);
}

std::string UrlOf(const std::string& uri, const Variables& environment = {}) {
  auto bucket = Resolve(uri, environment);
  return bucket ? Url(bucket->Request("GET", "a b/c")) + " " + bucket->region
                : "error: " + bucket.error().message();
}

TEST(S3Bucket, LiesWhereLocationAndEnvironmentSay) {
  EXPECT_EQ(UrlOf("s3://b/k"), "https://b.s3.us-east-1.amazonaws.com/a%20b/c us-east-1");
  EXPECT_EQ(UrlOf("s3://b/k?region=eu-west-1"),
            "https://b.s3.eu-west-1.amazonaws.com/a%20b/c eu-west-1");
  EXPECT_EQ(UrlOf("s3://b/k", {{"AWS_REGION", "eu-west-1"}}),
            "https://b.s3.eu-west-1.amazonaws.com/a%20b/c eu-west-1");
  EXPECT_EQ(UrlOf("s3://b.dot/k"), "https://s3.us-east-1.amazonaws.com/b.dot/a%20b/c us-east-1");
  EXPECT_EQ(UrlOf("s3://b/k?region=cn-north-1"),
            "https://b.s3.cn-north-1.amazonaws.com.cn/a%20b/c cn-north-1");
  EXPECT_EQ(UrlOf("s3://b/k", {{"AWS_ENDPOINT_URL_S3", "http://minio:9000/"}}),
            "http://minio:9000/b/a%20b/c us-east-1");
  EXPECT_EQ(UrlOf("s3://b/k?style=virtual&endpoint=http://minio:9000"),
            "http://b.minio:9000/a%20b/c us-east-1");
  EXPECT_EQ(UrlOf("s3://b/k?endpoint=https://s3.eu-west-3.amazonaws.com"),
            "https://b.s3.eu-west-3.amazonaws.com/a%20b/c eu-west-3");
  EXPECT_EQ(UrlOf("s3://b/k?endpoint=https://s3.eu-west-3.amazonaws.com&style=path"),
            "https://s3.eu-west-3.amazonaws.com/b/a%20b/c eu-west-3");
}

TEST(S3Bucket, OnlyPlainHttpToAnotherMachineIsInTheOpen) {
  const auto in_the_open = [](const std::string& endpoint, const Variables& environment = {}) {
    const auto bucket = Resolve("s3://b/k?endpoint=" + endpoint, environment);
    return bucket && bucket->in_the_open;
  };
  EXPECT_TRUE(in_the_open("http://minio:9000"));
  EXPECT_TRUE(in_the_open("http://10.0.0.1"));
  EXPECT_TRUE(in_the_open("http://127.example.com"));
  EXPECT_TRUE(in_the_open("http://127.0.0.1:9000", {{"http_proxy", "http://proxy:3128"}}));
  EXPECT_FALSE(in_the_open("https://minio:9000"));
  EXPECT_FALSE(in_the_open("https://minio:9000", {{"http_proxy", "http://proxy:3128"}}));
  for (const char* here : {"http://127.0.0.1:9000", "http://localhost", "http://[::1]:9000",
                           "http://oss-cn-beijing.localhost:9000"})
    EXPECT_FALSE(in_the_open(here)) << here;
  EXPECT_FALSE(Resolve("s3://b/k?endpoint=http://minio:9000&sign=headers")->in_the_open)
      << "whoever says that trusts the way";
  const auto vendors = Resolve("s3://b/k");
  ASSERT_TRUE(vendors);
  EXPECT_FALSE(vendors->in_the_open);
}

TEST(S3Bucket, OssHasItsOwnHostsAndRegions) {
  EXPECT_EQ(UrlOf("oss://b/k?region=cn-hangzhou"),
            "https://b.oss-cn-hangzhou.aliyuncs.com/a%20b/c cn-hangzhou");
  EXPECT_EQ(UrlOf("oss://b/k", {{"OSS_REGION", "cn-beijing"}, {"AWS_REGION", "us-east-1"}}),
            "https://b.oss-cn-beijing.aliyuncs.com/a%20b/c cn-beijing");
  EXPECT_EQ(UrlOf("oss://b/k?endpoint=oss-cn-beijing-internal.aliyuncs.com"),
            "https://b.oss-cn-beijing-internal.aliyuncs.com/a%20b/c cn-beijing");
  auto bucket = Resolve("oss://b/k?region=cn-hangzhou");
  ASSERT_TRUE(bucket);
  EXPECT_EQ(bucket->Request("GET", "k").resource, "/b/k");
  EXPECT_EQ(bucket->Request("GET", "").resource, "/b/");
  EXPECT_EQ(Resolve("oss://b/k").error().code(), ErrorCode::kInvalidArgument);
}

TEST(S3Bucket, AProfileThatTheLocationNamesIsNearerThanTheEnvironment) {
  const BucketProfile profile{.region = "eu-west-1", .endpoint = "http://own:9000"};
  const Variables environment = {{"AWS_REGION", "us-east-2"}, {"AWS_ENDPOINT_URL", "http://env"}};
  const auto where = [&](const std::string& uri, const Variables& variables) {
    const auto bucket = ResolveBucket(*storage::ParseLocation(uri), variables, profile);
    return bucket ? bucket->host + " " + bucket->region : bucket.error().message();
  };
  EXPECT_EQ(where("s3://b/k", {}), "own:9000 eu-west-1");
  EXPECT_EQ(where("s3://b/k", environment), "env us-east-2");
  EXPECT_EQ(where("s3://b/k?profile=p", environment), "own:9000 eu-west-1");
  EXPECT_EQ(where("s3://b/k?profile=p&region=x&endpoint=http://there", environment), "there x");
}

TEST(S3Bucket, AnotherRegionIsAnotherHostOnlyWhereTheHostFollowedFromIt) {
  EXPECT_EQ(Resolve("s3://b/k")->InRegion("eu-west-1").host, "s3.eu-west-1.amazonaws.com");
  const auto own = Resolve("s3://b/k?endpoint=http://minio:9000")->InRegion("eu-west-1");
  EXPECT_EQ(own.host, "minio:9000");
  EXPECT_EQ(own.region, "eu-west-1");
}

TEST(S3Bucket, OfANameOnlyOneLabelIsTheRegion) {
  EXPECT_EQ(UrlOf("s3://b/k?endpoint=https://s3.dualstack.eu-west-1.amazonaws.com"),
            "https://b.s3.dualstack.eu-west-1.amazonaws.com/a%20b/c us-east-1");
  EXPECT_EQ(
      Resolve("oss://b/k?endpoint=oss-cn-beijing.oss-object-process.aliyuncs.com").error().code(),
      ErrorCode::kInvalidArgument);
}

TEST(S3Bucket, IsTheSameAtAllEndpointsOfItsVendor) {
  EXPECT_EQ(Resolve("s3://b/k")->Service(), "");
  EXPECT_EQ(Resolve("s3://b/k?endpoint=https://s3.eu-west-1.amazonaws.com")->Service(), "");
  EXPECT_EQ(Resolve("oss://b/k?endpoint=oss-cn-hangzhou-internal.aliyuncs.com")->Service(), "");
  EXPECT_EQ(Resolve("s3://b/k?endpoint=http://minio:9000")->Service(), "http://minio:9000");
}

TEST(S3Bucket, SignsBodiesWhereSomebodyCouldChangeThem) {
  const auto signs = [](const std::string& endpoint, const std::string& options = "",
                        const Variables& environment = {}) {
    const auto bucket = Resolve("s3://b/k?endpoint=" + endpoint + options, environment);
    EXPECT_TRUE(bucket) << bucket.error().message();
    return bucket && bucket->signs_bodies;
  };
  EXPECT_TRUE(signs("http://minio:9000"));
  EXPECT_TRUE(signs("http://10.0.0.1:9000"));
  EXPECT_TRUE(signs("http://127.example.org"));
  EXPECT_TRUE(signs("http://localhost.example.org"));
  EXPECT_FALSE(signs("https://minio:9000"));
  for (const char* here : {"http://localhost:9000", "http://127.0.0.1:9000", "http://[::1]:9000",
                           "http://s3.localhost"}) {
    EXPECT_FALSE(signs(here)) << here;
    EXPECT_TRUE(signs(here, "", {{"http_proxy", "http://proxy:3128"}})) << here;
    EXPECT_TRUE(signs(here, "&sign=bodies")) << here;
  }
  EXPECT_TRUE(signs("https://minio:9000", "&sign=bodies"));
  EXPECT_FALSE(signs("http://minio:9000", "&sign=headers"));
  EXPECT_EQ(Resolve("s3://b/k?sign=maybe").error().code(), ErrorCode::kInvalidArgument);
  EXPECT_TRUE(Resolve("s3://b/k?sign=no")->anonymous);
  EXPECT_FALSE(Resolve("s3://b/k?sign=headers")->anonymous);
}

TEST(S3Bucket, RefusesWhatItDoesNotUnderstand) {
  for (const char* uri :
       {"s3:///k", "s3://b/k?endpont=x", "s3://b/k?style=maybe", "s3://b/k?endpoint=ftp://x",
        "s3://b/k?dialect=klingon", "s3://B_B/k?style=virtual", "s3://b/k?sse=none",
        "s3://b/k?tag=x", "oss://b/k?region=r&sse=aws:kms"})
    EXPECT_EQ(Resolve(uri).error().code(), ErrorCode::kInvalidArgument) << uri;
  auto secret = Resolve("s3://KEY:SECRET@b/k");
  ASSERT_FALSE(secret);
  EXPECT_EQ(secret.error().code(), ErrorCode::kRefused);
  EXPECT_EQ(secret.error().message().find("SECRET"), std::string::npos);
}

TEST(S3Bucket, ShowsNoPasswordOfAnEndpointInTheEnvironment) {
  const auto bucket = ResolveBucket(*storage::ParseLocation("s3://b/k"),
                                    {{"AWS_ENDPOINT_URL_S3", "https://user:SECRET@host"}});
  ASSERT_FALSE(bucket);
  EXPECT_EQ(bucket.error().code(), ErrorCode::kRefused);
  EXPECT_EQ(bucket.error().message().find("SECRET"), std::string::npos) << bucket.error().message();
}

}  // namespace
}  // namespace stateferry::storage::s3
