#include <gtest/gtest.h>

#include "storage/s3/aws_profile.h"
#include "tests/storage/s3/fake_surroundings.h"

namespace stateferry::storage::s3 {
namespace {

constexpr const char* kConfig = "/home/u/.aws/config";
constexpr const char* kKeys = "/home/u/.aws/credentials";

std::string AwsId(const Result<Credentials>& got) {
  return got ? got->access_key_id : "error: " + got.error().message();
}

TEST(AwsCredentials, TheEnvironmentComesFirst) {
  FakeSurroundings fake;
  fake.variables = {{"AWS_ACCESS_KEY_ID", "AKIAENV"},
                    {"AWS_SECRET_ACCESS_KEY", "s"},
                    {"AWS_SESSION_TOKEN", "t"},
                    {"AWS_PROFILE", "prod"}};
  fake.files[kKeys] = "[prod]\naws_access_key_id = AKIAPROD\naws_secret_access_key = p\n";
  const auto got = S3Keys(fake);
  EXPECT_EQ(AwsId(got), "AKIAENV");
  EXPECT_EQ(got->session_token.Reveal(), "t");
  // Unless a profile is named.
  EXPECT_EQ(AwsId(S3Keys(fake, {.profile = "prod"})), "AKIAPROD");
  fake.variables.erase("AWS_ACCESS_KEY_ID");
  EXPECT_EQ(AwsId(S3Keys(fake)), "AKIAPROD");
}

TEST(AwsCredentials, TheConfigurationWinsOverAll) {
  FakeSurroundings fake;
  fake.variables = {{"AWS_ACCESS_KEY_ID", "AKIAENV"}, {"AWS_SECRET_ACCESS_KEY", "s"}};
  const PlaceKeys mine{.id = {.text = Secret("AKIAMINE")}, .secret = {.text = Secret("m")}};
  EXPECT_EQ(AwsId(S3Keys(fake, {.keys = mine})), "AKIAMINE");
  fake.run = [](const std::vector<std::string>& command) -> Result<Secret> {
    EXPECT_EQ(command, (std::vector<std::string>{"/opt/get keys", "--for", "s3"}));
    return Secret(R"({"Version":1,"AccessKeyId":"ASIAROLE","SecretAccessKey":"rolesecret",)"
                  R"("SessionToken":"roletoken","Expiration":"2026-01-01T06:00:00Z"})");
  };
  ExpectRole(S3Keys(fake, {.credential_process = "'/opt/get keys' --for s3"}));
}

TEST(AwsCredentials, HalfAnEnvironmentIsAnErrorThatNamesTheVariable) {
  FakeSurroundings fake;
  fake.variables = {{"AWS_ACCESS_KEY_ID", "AKIAENV"}};
  EXPECT_EQ(AwsId(S3Keys(fake)), "error: AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not");
}

TEST(AwsCredentials, ProfilesComeFromBothFiles) {
  FakeSurroundings fake;
  fake.files[kConfig] =
      "[default]\nregion = eu-west-1\n\n[profile dev]\naws_access_key_id=AKIACONF\n"
      "aws_secret_access_key=c\ns3 =\n    addressing_style = path\nservices = local\n"
      "endpoint_url = https://all.example\n"
      "[services local]\ns3 =\n  endpoint_url = https://s3.example:9000\n";
  fake.files[kKeys] = "[default]\naws_access_key_id = AKIADEF\naws_secret_access_key = d\n";
  EXPECT_EQ(AwsId(S3Keys(fake)), "AKIADEF");
  EXPECT_EQ(AwsId(S3Keys(fake, {.profile = "dev"})), "AKIACONF");
  const auto around = fake.Get();
  EXPECT_EQ(ReadAwsSettings(around, "")->region, "eu-west-1");
  const auto settings = ReadAwsSettings(around, "dev");
  EXPECT_EQ(settings->endpoint_url, "https://s3.example:9000");
  EXPECT_EQ(settings->addressing_style, "path");
  EXPECT_FALSE(ReadAwsSettings(around, "absent").has_value());
}

TEST(AwsCredentials, OneProfileInBothFilesUsesKeysThenAProcessThenTheConfig) {
  FakeSurroundings fake;
  fake.run = [](const std::vector<std::string>&) -> Result<Secret> {
    return Secret(R"({"Version":1,"AccessKeyId":"AKIAPROC","SecretAccessKey":"p"})");
  };
  fake.files[kConfig] =
      "[default]\naws_access_key_id=AKIACONF\naws_secret_access_key=c\ncredential_process=p\n";
  fake.files[kKeys] = "[default]\naws_access_key_id=AKIAKEYS\naws_secret_access_key=k\n";
  EXPECT_EQ(AwsId(S3Keys(fake)), "AKIAKEYS");
  fake.files.erase(kKeys);
  EXPECT_EQ(AwsId(S3Keys(fake)), "AKIAPROC");
  fake.files[kConfig] = "[default]\naws_access_key_id=AKIACONF\naws_secret_access_key=c\n";
  EXPECT_EQ(AwsId(S3Keys(fake)), "AKIACONF");
}

TEST(AwsCredentials, FilesMayLieElsewhere) {
  FakeSurroundings fake;
  fake.variables = {{"AWS_SHARED_CREDENTIALS_FILE", "~/keys"}};
  fake.files["/home/u/keys"] = "[default]\naws_access_key_id=AKIAX\naws_secret_access_key=x\n";
  EXPECT_EQ(AwsId(S3Keys(fake)), "AKIAX");
}

TEST(AwsCredentials, NamedProfilesMustBeThere) {
  FakeSurroundings fake;
  const auto got = S3Keys(fake, {.profile = "prod"});
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().code(), ErrorCode::kPermission);
  EXPECT_NE(got.error().message().find("prod"), std::string::npos);
  fake.variables = {{"AWS_PROFILE", "other"}};
  EXPECT_FALSE(S3Keys(fake).has_value());
}

TEST(AwsCredentials, BrokenFilesAreNamedWithoutTheirText) {
  FakeSurroundings fake;
  fake.files[kKeys] = "[default]\naws_access_key_id = AKIADEF\nSECRETLINE\n";
  EXPECT_EQ(AwsId(S3Keys(fake)),
            "error: /home/u/.aws/credentials: line 3 is neither [section] nor key = value");
}

TEST(AwsCredentials, ARoleIsAssumedWithTheKeysOfItsSource) {
  FakeSurroundings fake;
  fake.files[kConfig] =
      "[profile job]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = base\nregion = eu-west-1\n"
      "external_id = e/1\nduration_seconds = 1800\nrole_session_name = me\n";
  fake.files[kKeys] =
      "[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = b\naws_session_token = t\n";
  fake.services["POST https://sts.eu-west-1.amazonaws.com/"] = {200, StsXml("AssumeRole")};
  ExpectRole(S3Keys(fake, {.profile = "job"}));
  EXPECT_EQ(fake.calls[0].body.Reveal(),
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&"
            "RoleSessionName=me&DurationSeconds=1800&ExternalId=e%2F1");
  EXPECT_TRUE(fake.Header(0, "Authorization")
                  .starts_with("AWS4-HMAC-SHA256 Credential=AKIABASE/20260101/eu-west-1/sts/"));
  EXPECT_EQ(fake.Header(0, "X-Amz-Security-Token"), "t");
}

TEST(AwsCredentials, RolesMayStandOnRolesButNotInACircle) {
  FakeSurroundings fake;
  fake.files[kConfig] =
      "[profile a]\nrole_arn = A\nsource_profile = b\n[profile b]\nrole_arn = B\n"
      "source_profile = c\n[profile c]\naws_access_key_id = AKIAC\naws_secret_access_key = c\n";
  fake.services["POST https://sts.us-east-1.amazonaws.com/"] = {200, StsXml("AssumeRole")};
  ExpectRole(S3Keys(fake, {.profile = "a"}));
  ASSERT_EQ(fake.calls.size(), 2U);
  EXPECT_NE(fake.Header(0, "Authorization").find("Credential=AKIAC/"), std::string::npos);
  EXPECT_NE(fake.Header(1, "Authorization").find("Credential=ASIAROLE/"), std::string::npos);

  fake.files[kConfig] =
      "[profile a]\nrole_arn=A\nsource_profile=b\n"
      "[profile b]\nrole_arn=B\nsource_profile=a\n";
  const auto circle = S3Keys(fake, {.profile = "a"});
  ASSERT_FALSE(circle.has_value());
  EXPECT_NE(circle.error().message().find("leads back"), std::string::npos);
  // A profile that names itself means its own keys.
  fake.files[kConfig] =
      "[profile a]\nrole_arn=A\nsource_profile=a\naws_access_key_id=AKIAA\n"
      "aws_secret_access_key=a\n";
  ExpectRole(S3Keys(fake, {.profile = "a"}));
}

TEST(AwsCredentials, ProfilesThatCannotWorkSayWhy) {
  const std::pair<const char*, const char*> cases[] = {
      {"role_arn=A\n", "source_profile"},
      {"role_arn=A\nsource_profile=x\ncredential_source=Environment\n", "source_profile"},
      {"role_arn=A\nsource_profile=x\n", "no profile x"},
      {"role_arn=A\ncredential_source=Moon\n", "credential_source"},
      {"role_arn=A\nsource_profile=a\nmfa_serial=m\n", "MFA"},
      {"role_arn=A\nsource_profile=a\nduration_seconds=10\n", "duration_seconds"},
      {"sso_session=s\n", "single sign-on"},
      {"aws_access_key_id=AKIAA\n", "without its secret"},
  };
  for (const auto& [text, expected] : cases) {
    FakeSurroundings fake;
    fake.files[kConfig] = std::string("[profile a]\n") + text;
    const auto got = S3Keys(fake, {.profile = "a"});
    ASSERT_FALSE(got.has_value()) << text;
    EXPECT_EQ(got.error().code(), ErrorCode::kPermission) << text;
    EXPECT_NE(got.error().message().find(expected), std::string::npos) << got.error().message();
  }
}

TEST(AwsCredentials, WebIdentityReadsItsTokenAnewAndSignsNothing) {
  FakeSurroundings fake;
  fake.variables = {{"AWS_ROLE_ARN", "arn:r"},
                    {"AWS_WEB_IDENTITY_TOKEN_FILE", "/var/token"},
                    {"AWS_REGION", "cn-north-1"}};
  fake.files["/var/token"] = "jwt-1\n";
  fake.services["POST https://sts.cn-north-1.amazonaws.com.cn/"] = {
      200, StsXml("AssumeRoleWithWebIdentity")};
  const auto provider = MakeS3Credentials(fake.Get(), {});
  ExpectRole(provider->Get());
  EXPECT_EQ(fake.Header(0, "Authorization"), "");
  EXPECT_TRUE(fake.calls[0].body.Reveal().ends_with("&WebIdentityToken=jwt-1"));
  fake.files["/var/token"] = "jwt-2";
  fake.clock.Advance(std::chrono::hours(5) + std::chrono::minutes(46));
  ASSERT_TRUE(provider->Get().has_value());
  EXPECT_TRUE(fake.calls[1].body.Reveal().ends_with("&WebIdentityToken=jwt-2"));
}

TEST(AwsCredentials, WebIdentityComesBeforeKeysOfTheProfile) {
  FakeSurroundings fake;
  fake.variables = {{"AWS_ROLE_ARN", "arn:r"}, {"AWS_WEB_IDENTITY_TOKEN_FILE", "/var/token"}};
  fake.files["/var/token"] = "jwt";
  fake.files[kKeys] = "[default]\naws_access_key_id = AKIADEF\naws_secret_access_key = d\n";
  fake.services["POST https://sts.us-east-1.amazonaws.com/"] = {
      200, StsXml("AssumeRoleWithWebIdentity")};
  ExpectRole(S3Keys(fake));
}

TEST(AwsCredentials, StsErrorsKeepTheirMeaning) {
  FakeSurroundings fake;
  fake.variables = {{"AWS_ROLE_ARN", "arn:r"}, {"AWS_WEB_IDENTITY_TOKEN_FILE", "/var/token"}};
  fake.files["/var/token"] = "SECRETJWT";
  const std::string sts = "POST https://sts.us-east-1.amazonaws.com/";
  fake.services[sts] = {403,
                        "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message>"
                        "</Error></ErrorResponse>"};
  auto denied = S3Keys(fake);
  EXPECT_EQ(AwsId(denied), "error: assuming arn:r: STS answers 403 AccessDenied: not you");
  EXPECT_EQ(denied.error().code(), ErrorCode::kPermission);
  fake.services[sts] = {503, "busy"};
  auto busy = S3Keys(fake);
  EXPECT_EQ(busy.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(busy.error().retry(), Retry::kMayHelp);
  fake.services.clear();
  EXPECT_EQ(S3Keys(fake).error().code(), ErrorCode::kUnavailable);
  fake.services[sts] = {200, "<html>SECRETJWT</html>"};
  auto odd = S3Keys(fake);
  EXPECT_EQ(odd.error().code(), ErrorCode::kPermission);
  EXPECT_EQ(odd.error().message().find("SECRET"), std::string::npos);
  fake.files.clear();
  EXPECT_EQ(AwsId(S3Keys(fake)), "error: no web identity token in /var/token");
}

TEST(AwsCredentials, NoneAnywhereIsAnErrorThatSaysWhereOneLooked) {
  FakeSurroundings fake;
  const auto got = S3Keys(fake);
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().code(), ErrorCode::kPermission);
  for (const char* place : {"AWS_ACCESS_KEY_ID", "AWS profile default", "web identity", "container",
                            "metadata service of EC2"}) {
    EXPECT_NE(got.error().message().find(place), std::string::npos) << got.error().message();
  }
}

}  // namespace
}  // namespace stateferry::storage::s3
