#include <gtest/gtest.h>

#include "storage/s3/alibaba_profile.h"
#include "storage/s3/alibaba_sts.h"
#include "tests/storage/s3/fake_surroundings.h"

namespace stateferry::storage::s3 {
namespace {

constexpr const char* kOssutil = "/home/u/.ossutilconfig";
constexpr const char* kCli = "/home/u/.aliyun/config.json";

std::string OssId(const Result<Credentials>& got) {
  return got ? got->access_key_id : "error: " + got.error().message();
}

TEST(OssCredentials, BothEnvironmentsAreReadTheirOwnFirst) {
  FakeSurroundings fake;
  fake.variables = {{"ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAIali"},
                    {"ALIBABA_CLOUD_ACCESS_KEY_SECRET", "s"},
                    {"ALIBABA_CLOUD_SECURITY_TOKEN", "t"}};
  EXPECT_EQ(OssId(OssKeys(fake)), "LTAIali");
  EXPECT_EQ(OssKeys(fake)->session_token.Reveal(), "t");
  fake.variables["OSS_ACCESS_KEY_ID"] = "LTAIoss";
  fake.variables["OSS_ACCESS_KEY_SECRET"] = "s";
  EXPECT_EQ(OssId(OssKeys(fake)), "LTAIoss");
  // Not those of AWS.
  fake.variables = {{"AWS_ACCESS_KEY_ID", "AKIA"}, {"AWS_SECRET_ACCESS_KEY", "s"}};
  EXPECT_FALSE(OssKeys(fake).has_value());
}

TEST(OssCredentials, OssutilFilesOfBothVersionsAreRead) {
  FakeSurroundings fake;
  fake.files[kOssutil] =
      "[Credentials]\nlanguage=EN\nendpoint=oss-cn-hangzhou.aliyuncs.com\naccessKeyID=LTAIone\n"
      "accessKeySecret=s\nstsToken=t\n";
  EXPECT_EQ(OssId(OssKeys(fake)), "LTAIone");
  EXPECT_EQ(OssKeys(fake)->session_token.Reveal(), "t");
  EXPECT_EQ(ReadOssSettings(fake.Get(), "")->endpoint, "oss-cn-hangzhou.aliyuncs.com");
  fake.files[kOssutil] =
      "[default]\naccess-key-id=LTAItwo\naccess_key_secret=s\nregion=cn-hangzhou\n"
      "[profile Dev]\nmode=StsToken\naccessKeyId=LTAIdev\naccessKeySecret=s\nsts-token=t\n";
  EXPECT_EQ(OssId(OssKeys(fake)), "LTAItwo");
  EXPECT_EQ(OssId(OssKeys(fake, {.profile = "dev"})), "LTAIdev");
  EXPECT_EQ(ReadOssSettings(fake.Get(), "")->region, "cn-hangzhou");
  EXPECT_EQ(ReadOssSettings(fake.Get(), "dev")->region, "");
}

TEST(OssCredentials, ANamedProfileSwitchesTheEnvironmentOff) {
  FakeSurroundings fake;
  fake.variables = {{"OSS_ACCESS_KEY_ID", "LTAIenv"}, {"OSS_ACCESS_KEY_SECRET", "s"}};
  fake.files[kOssutil] = "[profile p]\naccessKeyId=LTAIp\naccessKeySecret=s\n";
  EXPECT_EQ(OssId(OssKeys(fake, {.profile = "p"})), "LTAIp");
  const auto absent = OssKeys(fake, {.profile = "q"});
  ASSERT_FALSE(absent.has_value());
  EXPECT_EQ(absent.error().code(), ErrorCode::kPermission);
  EXPECT_NE(absent.error().message().find("profile q in /home/u/.ossutilconfig"),
            std::string::npos);
}

TEST(OssCredentials, ModesThatCannotWorkSayWhy) {
  const std::pair<const char*, const char*> cases[] = {
      {"mode=AK\naccessKeyId=LTAIx\n", "no secret"},
      {"mode=StsToken\naccessKeyId=a\naccessKeySecret=s\n", "no security token"},
      {"mode=RamRoleArn\naccessKeyId=a\naccessKeySecret=s\n", "no role"},
      {"mode=CloudSSO\n", "not supported"},
      {"mode=OIDC\noidc-token-file=/t\n", "no role"},
  };
  for (const auto& [text, expected] : cases) {
    FakeSurroundings fake;
    fake.files[kOssutil] = std::string("[default]\n") + text;
    const auto got = OssKeys(fake);
    ASSERT_FALSE(got.has_value()) << text;
    EXPECT_EQ(got.error().code(), ErrorCode::kPermission);
    EXPECT_NE(got.error().message().find(expected), std::string::npos) << got.error().message();
  }
  FakeSurroundings fake;
  fake.files[kOssutil] = "[default]\nmode=Anonymous\n";
  EXPECT_TRUE(OssKeys(fake)->anonymous());
}

std::string StsJson() { return R"({"RequestId":"r","Credentials":)" + kAlibabaKeysJson + "}"; }

TEST(OssCredentials, OidcIsUnsignedAndKeepsTheTokenOutOfTheUrl) {
  FakeSurroundings fake;
  fake.variables = {{"ALIBABA_CLOUD_ROLE_ARN", "acs:ram::1:role/r"},
                    {"ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "acs:ram::1:oidc-provider/p"},
                    {"ALIBABA_CLOUD_OIDC_TOKEN_FILE", "/var/token"},
                    {"ALIBABA_CLOUD_STS_REGION", "cn-hangzhou"},
                    {"ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED", "true"}};
  fake.files["/var/token"] = "jwt\n";
  fake.services["POST https://sts-vpc.cn-hangzhou.aliyuncs.com/"] = {200, StsJson()};
  ExpectRole(OssKeys(fake), "STS.role");
  const std::string body = fake.calls[0].body.Reveal();
  EXPECT_TRUE(
      body.starts_with("Action=AssumeRoleWithOIDC&Format=JSON&Version=2015-04-01&"
                       "Timestamp=2026-01-01T00%3A00%3A00Z&"));
  EXPECT_TRUE(body.ends_with("&OIDCToken=jwt"));
  EXPECT_EQ(body.find("Signature="), std::string::npos);
}

TEST(OssCredentials, ARamRoleIsAssumedWithTheKeysOfTheProfile) {
  FakeSurroundings fake;
  fake.files[kOssutil] =
      "[default]\nmode=RamRoleArn\naccessKeyId=LTAIbase\naccessKeySecret=s\nstsToken=t\n"
      "role-arn=acs:ram::1:role/r\nrole-session-name=me\n";
  fake.services["POST https://sts.aliyuncs.com/"] = {200, StsJson()};
  ExpectRole(OssKeys(fake), "STS.role");
  const std::string body = fake.calls[0].body.Reveal();
  EXPECT_NE(body.find("&AccessKeyId=LTAIbase&SecurityToken=t&Signature="), std::string::npos);
  EXPECT_NE(body.find("&RoleSessionName=me&"), std::string::npos);
}

TEST(OssCredentials, StsErrorsKeepTheirMeaning) {
  FakeSurroundings fake;
  fake.files[kOssutil] =
      "[default]\nmode=RamRoleArn\naccessKeyId=a\naccessKeySecret=s\nrole-arn=R\n";
  const std::string sts = "POST https://sts.aliyuncs.com/";
  fake.services[sts] = {403, R"({"Code":"NoPermission","Message":"not you"})"};
  EXPECT_EQ(OssKeys(fake).error().code(), ErrorCode::kPermission);
  EXPECT_NE(OssId(OssKeys(fake)).find("STS answers 403 NoPermission: not you"), std::string::npos);
  fake.services[sts] = {500, ""};
  EXPECT_EQ(OssKeys(fake).error().code(), ErrorCode::kUnavailable);
  fake.services[sts] = {200, R"({"Credentials":"SECRET"})"};
  EXPECT_EQ(OssKeys(fake).error().code(), ErrorCode::kPermission);
  EXPECT_EQ(OssId(OssKeys(fake)).find("SECRET"), std::string::npos);
}

TEST(OssCredentials, TheCliFileIsReadByMode) {
  FakeSurroundings fake;
  fake.files[kCli] = R"({"current":"main","profiles":[
    {"name":"main","mode":"AK","access_key_id":"LTAImain","access_key_secret":"s"},
    {"name":"chain","mode":"ChainableRamRoleArn","source_profile":"main","ram_role_arn":"R"},
    {"name":"loop","mode":"ChainableRamRoleArn","source_profile":"loop","ram_role_arn":"R"},
    {"name":"sso","mode":"CloudSSO"}]})";
  EXPECT_EQ(OssId(OssKeys(fake)), "LTAImain");
  fake.services["POST https://sts.aliyuncs.com/"] = {200, StsJson()};
  ExpectRole(OssKeys(fake, {.profile = "chain"}), "STS.role");
  EXPECT_NE(OssId(OssKeys(fake, {.profile = "loop"})).find("leads back"), std::string::npos);
  EXPECT_NE(OssId(OssKeys(fake, {.profile = "sso"})).find("not supported"), std::string::npos);
  EXPECT_NE(OssId(OssKeys(fake, {.profile = "none"})).find("no credentials"), std::string::npos);
  fake.files[kCli] = "SECRET not json";
  const auto broken = OssKeys(fake);
  ASSERT_FALSE(broken.has_value());
  EXPECT_EQ(broken.error().message().find("SECRET"), std::string::npos);
}

TEST(OssCredentials, TheSdkFileAndTheUriComeLast) {
  FakeSurroundings fake;
  fake.files["/home/u/.alibabacloud/credentials.ini"] =
      "[default]\ntype = access_key\naccess_key_id = LTAIini\naccess_key_secret = s\n";
  EXPECT_EQ(OssId(OssKeys(fake)), "LTAIini");
  fake.files.clear();
  fake.variables = {{"ALIBABA_CLOUD_CREDENTIALS_URI", "http://localhost:9/keys?x=1"}};
  fake.services["GET http://localhost:9/keys?x=1"] = {200, kAlibabaKeysJson};
  ExpectRole(OssKeys(fake), "STS.role");
}

TEST(AlibabaRpcSignature, IsTheDocumentedOne) {
  // Alibaba Cloud ECS API, "Request signatures": the example of DescribeRegions.
  const NameValues parameters = {{"Timestamp", "2016-02-23T12:46:24Z"},
                                 {"Format", "XML"},
                                 {"AccessKeyId", "testid"},
                                 {"Action", "DescribeRegions"},
                                 {"SignatureMethod", "HMAC-SHA1"},
                                 {"SignatureNonce", "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf"},
                                 {"Version", "2014-05-26"},
                                 {"SignatureVersion", "1.0"}};
  const std::string right = "OLeaidS1JvxuMvnyHOwuJ+uX5qY=";
  EXPECT_EQ(AlibabaRpcSignature("GET", parameters, Secret("testsecret")), right);
  EXPECT_NE(AlibabaRpcSignature("POST", parameters, Secret("testsecret")), right);
  EXPECT_NE(AlibabaRpcSignature("GET", parameters, Secret("testsecres")), right);
}

}  // namespace
}  // namespace stateferry::storage::s3
