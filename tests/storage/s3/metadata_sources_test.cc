#include <gtest/gtest.h>

#include "storage/s3/container_source.h"
#include "storage/s3/imds_source.h"
#include "tests/storage/s3/fake_surroundings.h"

namespace stateferry::storage::s3 {
namespace {

constexpr const char* kFull = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

TEST(ContainerSource, AsksTheTaskEndpoint) {
  FakeSurroundings fake;
  fake.variables = {{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/x?id=1"}};
  fake.services["GET http://169.254.170.2/v2/credentials/x?id=1"] = {200, kKeysJson};
  ExpectRole(S3Keys(fake));
  EXPECT_TRUE(fake.calls.back().bypass_proxy);
}

TEST(ContainerSource, SendsTheTokenOfItsFile) {
  FakeSurroundings fake;
  fake.variables = {{kFull, "http://169.254.170.23/v1/credentials"},
                    {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/var/token"}};
  fake.files["/var/token"] = "pod-token\n";
  fake.services["GET http://169.254.170.23/v1/credentials"] = {200, kKeysJson};
  ExpectRole(S3Keys(fake));
  EXPECT_EQ(fake.Header(fake.calls.size() - 1, "Authorization"), "pod-token");
  fake.files.clear();
  EXPECT_EQ(S3Keys(fake).error().code(), ErrorCode::kPermission);
}

TEST(ContainerSource, SendsNoTokenToAnybodyElse) {
  for (const char* url :
       {"http://example.com/x", "http://127.0.0.1.example.com/x", "http://169.254.170.3/x",
        "http://169.254.169.254/x", "http://user@localhost/x", "ftp://localhost/x", "localhost/x",
        "http://[fd00:ec2::24]/x", "http://[::2]/x", "http://0x7f000001.example/x", "http:///x"}) {
    FakeSurroundings fake;
    fake.variables = {{kFull, url}, {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "secret"}};
    const auto got = S3Keys(fake);
    ASSERT_FALSE(got.has_value()) << url;
    EXPECT_EQ(got.error().code(), ErrorCode::kPermission) << url;
    EXPECT_TRUE(fake.calls.empty()) << url;
  }
  for (const char* url :
       {"https://example.com/x", "http://localhost:8080/x", "http://127.1.2.3/x",
        "http://[::1]:81/x", "http://[fd00:ec2::23]/x", "http://169.254.170.2/x"}) {
    FakeSurroundings fake;
    fake.variables = {{kFull, url}};
    fake.services[std::string("GET ") + url] = {200, kKeysJson};
    ExpectRole(S3Keys(fake));
  }
}

constexpr const char* kImds = "http://169.254.169.254/latest/";

void ServeImds(FakeSurroundings& fake) {
  const std::string imds = kImds;
  fake.services["PUT " + imds + "api/token"] = {200, "imds-token"};
  fake.services["GET " + imds + "meta-data/iam/security-credentials/"] = {200, "my-role\n"};
  fake.services["GET " + imds + "meta-data/iam/security-credentials/my-role"] = {200, kKeysJson};
}

TEST(ImdsSource, UsesASessionToken) {
  FakeSurroundings fake;
  ServeImds(fake);
  ExpectRole(S3Keys(fake));
  ASSERT_EQ(fake.calls.size(), 3U);
  EXPECT_EQ(fake.Header(0, "X-aws-ec2-metadata-token-ttl-seconds"), "21600");
  EXPECT_EQ(fake.Header(1, "X-aws-ec2-metadata-token"), "imds-token");
  EXPECT_EQ(fake.Header(2, "X-aws-ec2-metadata-token"), "imds-token");
  for (const auto& call : fake.calls) {
    EXPECT_TRUE(call.bypass_proxy);
    EXPECT_LE(call.timeout, std::chrono::seconds(1));
  }
}

TEST(ImdsSource, NeverGoesWithoutTheToken) {
  FakeSurroundings fake;
  ServeImds(fake);
  fake.services["PUT " + std::string(kImds) + "api/token"] = {403, ""};
  EXPECT_FALSE(S3Keys(fake).has_value());
  EXPECT_EQ(fake.calls.size(), 1U);
}

TEST(ImdsSource, CanBeSwitchedOff) {
  FakeSurroundings fake;
  ServeImds(fake);
  fake.variables = {{"AWS_EC2_METADATA_DISABLED", "true"}};
  EXPECT_FALSE(S3Keys(fake).has_value());
  EXPECT_TRUE(fake.calls.empty());
}

TEST(ImdsSource, ThatAnsweredOnceMayNotVanish) {
  FakeSurroundings fake;
  ServeImds(fake);
  const auto around = fake.Get();
  const auto source = MakeImdsSource(around);
  ASSERT_TRUE(source->Fetch()->has_value());
  fake.services.clear();
  const auto gone = source->Fetch();
  ASSERT_FALSE(gone.has_value());
  EXPECT_EQ(gone.error().code(), ErrorCode::kUnavailable);
  // One that never answered is no source at all.
  const auto other = MakeImdsSource(around);
  EXPECT_FALSE(other->Fetch()->has_value());
}

constexpr const char* kEcs = "http://100.100.100.200/latest/";

void ServeEcs(FakeSurroundings& fake) {
  const std::string ecs = kEcs;
  fake.services["PUT " + ecs + "api/token"] = {200, "ecs-token"};
  fake.services["GET " + ecs + "meta-data/ram/security-credentials/"] = {200, "ram-role"};
  fake.services["GET " + ecs + "meta-data/ram/security-credentials/ram-role"] = {200,
                                                                                 kAlibabaKeysJson};
}

TEST(EcsRoleSource, UsesTheHardenedMode) {
  FakeSurroundings fake;
  ServeEcs(fake);
  ExpectRole(OssKeys(fake), "STS.role");
  EXPECT_EQ(fake.Header(0, "X-aliyun-ecs-metadata-token-ttl-seconds"), "21600");
  EXPECT_EQ(fake.Header(2, "X-aliyun-ecs-metadata-token"), "ecs-token");
}

TEST(EcsRoleSource, FallsBackToThePlainModeUnlessThatIsOff) {
  FakeSurroundings fake;
  ServeEcs(fake);
  fake.services["PUT " + std::string(kEcs) + "api/token"] = {404, ""};
  ExpectRole(OssKeys(fake), "STS.role");
  EXPECT_EQ(fake.Header(2, "X-aliyun-ecs-metadata-token"), "");
  fake.variables = {{"ALIBABA_CLOUD_IMDSV1_DISABLED", "true"}};
  EXPECT_FALSE(OssKeys(fake).has_value());
  fake.variables = {{"ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true"}};
  fake.calls.clear();
  EXPECT_FALSE(OssKeys(fake).has_value());
  EXPECT_TRUE(fake.calls.empty());
}

TEST(EcsRoleSource, TakesTheRoleFromTheEnvironment) {
  FakeSurroundings fake;
  ServeEcs(fake);
  fake.variables = {{"ALIBABA_CLOUD_ECS_METADATA", "ram-role"}};
  ExpectRole(OssKeys(fake), "STS.role");
  EXPECT_EQ(fake.calls.size(), 2U);
}

}  // namespace
}  // namespace stateferry::storage::s3
