// Places of our own configuration: which one is meant, where it is, and whose keys it has.

#include "storage/s3/place_profile.h"

#include <gtest/gtest.h>

#include "storage/s3/open_bucket.h"
#include "tests/fakes/http_server.h"
#include "tests/storage/s3/fake_surroundings.h"

namespace stateferry::storage::s3 {
namespace {

Location At(const std::string& uri) { return *storage::ParseLocation(uri); }

PlaceProfile With(std::vector<std::string> prefixes, std::map<std::string, std::string> options) {
  PlaceProfile profile{.origin = "config.yaml:2", .options = std::move(options)};
  for (const std::string& prefix : prefixes) profile.prefixes.push_back(At(prefix));
  return profile;
}

std::string NameFor(const std::string& uri, const PlaceProfiles& profiles) {
  std::string name = "none";
  FindProfile(At(uri), profiles, &name);
  return name;
}

TEST(PlaceProfiles, AreChosenByNameOrByTheLongestPrefix) {
  const PlaceProfiles profiles = {{"all", With({"s3://b"}, {})},
                                  {"job", With({"s3://b/cp/job", "s3://c"}, {})},
                                  {"named", With({}, {})}};
  EXPECT_EQ(NameFor("s3://b/x", profiles), "all");
  EXPECT_EQ(NameFor("s3://b", profiles), "all");
  EXPECT_EQ(NameFor("s3://b/cp/job/chk-1", profiles), "job");
  EXPECT_EQ(NameFor("s3a://b/cp/job", profiles), "job");
  EXPECT_EQ(NameFor("s3://b/cp/job2", profiles), "all");
  EXPECT_EQ(NameFor("s3://c/k", profiles), "job");
  EXPECT_EQ(NameFor("s3://bb/k", profiles), "none");
  EXPECT_EQ(NameFor("oss://b/k", profiles), "none");
  EXPECT_EQ(NameFor("s3://b/x?profile=named", profiles), "named");
  EXPECT_EQ(NameFor("s3://b/x?profile=of-the-vendor", profiles), "none");
}

TEST(PlaceProfiles, APrefixDoesNotTakeAnotherServicesBucketOfThatName) {
  const PlaceProfiles profiles = {{"here", With({"s3://b"}, {{"endpoint", "http://here:9000"}})},
                                  {"vendor", With({"s3://c"}, {})}};
  EXPECT_EQ(NameFor("s3://b/k?endpoint=http://here:9000", profiles), "here");
  EXPECT_EQ(NameFor("s3://b/k?endpoint=http://there:9000", profiles), "none");
  EXPECT_EQ(NameFor("s3://c/k?endpoint=http://there:9000", profiles), "none");
  EXPECT_EQ(NameFor("s3://b/k?profile=here&endpoint=http://there:9000", profiles), "here");
}

TEST(PlaceProfiles, StandBetweenTheLocationAndWhatIsUsual) {
  const PlaceProfiles profiles = {
      {"p", With({"s3://b"}, {{"region", "r"}, {"profile", "vendors"}, {"sse", "AES256"}})}};
  using Options = std::map<std::string, std::string>;
  EXPECT_EQ(WithProfile(At("s3://b/k"), profiles).options,
            (Options{{"region", "r"}, {"profile", "vendors"}, {"sse", "AES256"}}));
  EXPECT_EQ(WithProfile(At("s3://b/k?profile=p&region=own"), profiles).options,
            (Options{{"region", "own"}, {"profile", "vendors"}, {"sse", "AES256"}}));
  EXPECT_EQ(WithProfile(At("s3://b/k?profile=other"), profiles).options,
            (Options{{"profile", "other"}}));
  const NewObjectsSaid usual{.usual = {{"sse", "aws:kms"}, {"acl", "private"}}};
  EXPECT_EQ(WithProfile(At("s3://b/k"), profiles, usual).options.at("sse"), "AES256");
  EXPECT_EQ(WithProfile(At("s3://b/k"), profiles, usual).options.at("acl"), "private");
  const NewObjectsSaid here{.here = {{"sse", "aws:kms"}}};
  EXPECT_EQ(WithProfile(At("s3://b/k"), profiles, here).options.at("sse"), "aws:kms");
}

class PlaceKeysTest : public testing::Test {
 protected:
  std::string Id(const PlaceKeys& keys) {
    auto got = MakeS3Credentials(fake_.Get(), {.keys = keys, .described = "place p of f:1"})->Get();
    if (!got) return got.error().message();
    return got->access_key_id + " " + got->secret_access_key.Reveal() + " " +
           got->session_token.Reveal();
  }
  FakeSurroundings fake_;
};

TEST_F(PlaceKeysTest, AreReadWhereTheConfigurationSays) {
  fake_.variables = {{"MY_ID", "id"}, {"AWS_ACCESS_KEY_ID", "no"}, {"AWS_SECRET_ACCESS_KEY", "no"}};
  fake_.files = {{"/k/secret", "from the file\r\nsecond line"}, {"/k/token", "token"}};
  EXPECT_EQ(Id({.id = {.variable = "MY_ID"},
                .secret = {.file = "/k/secret"},
                .token = {.file = "/k/token"}}),
            "id from the file token");
  EXPECT_EQ(Id({.id = {.text = Secret("a")}, .secret = {.text = Secret("b")}}), "a b ");
}

TEST_F(PlaceKeysTest, TheNextSourceIsNotTriedWhenOneIsMissing) {
  fake_.variables = {{"AWS_ACCESS_KEY_ID", "no"}, {"AWS_SECRET_ACCESS_KEY", "no"}};
  fake_.files = {{"/k/empty", "\n"}};
  const KeyText id{.text = Secret("id")};
  EXPECT_EQ(Id({.id = id, .secret = {.variable = "GONE"}}),
            "place p of f:1: secret-access-key-variable is GONE, which is not set");
  EXPECT_EQ(Id({.id = id, .secret = {.file = "/k/gone"}}),
            "place p of f:1: secret-access-key-file is /k/gone, which is not there");
  EXPECT_EQ(Id({.id = id, .secret = {.file = "/k/empty"}}),
            "place p of f:1: secret-access-key-file is /k/empty, which is empty");
}

TEST(PlaceProfiles, GiveAPlaceItsServiceAndItsKeys) {
  fakes::HttpServer server([](const fakes::ServedRequest&) { return fakes::Reply{.status = 204}; });
  PlaceProfile profile = With({"s3://b"}, {{"endpoint", server.url()}, {"region", "here-1"}});
  profile.keys = PlaceKeys{.id = {.text = Secret("MINEOWNKEY")}, .secret = {.text = Secret("s")}};
  const OpenOptions options{.environment = {{"AWS_ACCESS_KEY_ID", "OTHERS"},
                                            {"AWS_SECRET_ACCESS_KEY", "s"},
                                            {"AWS_PROFILE", "gone"},
                                            {"AWS_ENDPOINT_URL", "http://127.0.0.1:1"}},
                            .profiles = {{"p", profile}}};
  auto session = OpenSession(At("s3://b/k"), SystemClock(), options);
  ASSERT_TRUE(session) << session.error().message();
  ASSERT_TRUE((*session)->Send({.method = "DELETE", .key = "k"}));
  const std::string authorization = server.requests().at(0).Header("authorization");
  EXPECT_NE(authorization.find("Credential=MINEOWNKEY/"), std::string::npos) << authorization;
  EXPECT_NE(authorization.find("/here-1/s3/"), std::string::npos) << authorization;
  EXPECT_EQ(*(*session)->Identity(), "MINE... (place p of config.yaml:2)");
  // Whose they are decides whether the service may copy between two places.
  EXPECT_EQ((*session)->bucket().profile, "p of the configuration");
}

TEST(PlaceProfiles, WithKeysOfTheirOwnAreNotMeantByTheEnvironment) {
  const Variables environment = {{"AWS_ENDPOINT_URL_S3", "http://others:9000"},
                                 {"AWS_REGION", "others-1"},
                                 {"AWS_DEFAULT_REGION", "others-1"},
                                 {"AWS_ENDPOINT_URL", "http://others:9000"},
                                 {"OSS_ENDPOINT", "http://others:9000"},
                                 {"OSS_REGION", "others-1"}};
  PlaceProfile keys = With({"s3://keys"}, {});
  keys.keys = PlaceKeys{.id = {.text = Secret("i")}, .secret = {.text = Secret("s")}};
  PlaceProfile process = With({"oss://process"}, {{"region", "cn-hangzhou"}});
  process.credential_process = "get-keys";
  const PlaceProfiles profiles = {
      {"keys", keys}, {"process", process}, {"usual", With({"s3://usual"}, {{"style", "path"}})}};
  auto find = [&](const std::string& uri) {
    auto bucket = FindBucket(At(uri), SystemClock(), environment, profiles);
    return bucket ? bucket->host + " " + bucket->region : bucket.error().message();
  };
  EXPECT_EQ(find("s3://keys/k"), "s3.us-east-1.amazonaws.com us-east-1");
  EXPECT_EQ(find("s3://keys/k?region=eu-west-1"), "s3.eu-west-1.amazonaws.com eu-west-1");
  EXPECT_EQ(find("oss://process/k"), "oss-cn-hangzhou.aliyuncs.com cn-hangzhou");
  EXPECT_EQ(find("s3://usual/k"), "others:9000 others-1");
}

TEST(PlaceProfiles, HaveNoRegionThatLeadsToAnotherHost) {
  const auto bucket = FindBucket(At("s3://b/k?region=x.elsewhere/"), SystemClock(), {}, {});
  ASSERT_FALSE(bucket);
  EXPECT_EQ(bucket.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_NE(bucket.error().message().find("is no name of a region"), std::string::npos)
      << bucket.error().message();
}

TEST(PlaceProfiles, AreNamedWhenTheyAreWrong) {
  const PlaceProfiles profiles = {{"p", With({"s3://b"}, {{"style", "maybe"}})}};
  const auto bucket = FindBucket(At("s3://b/k"), SystemClock(), {}, profiles);
  ASSERT_FALSE(bucket);
  EXPECT_EQ(bucket.error().message().rfind("place p of config.yaml:2: ", 0), 0u)
      << bucket.error().message();
}

}  // namespace
}  // namespace stateferry::storage::s3
