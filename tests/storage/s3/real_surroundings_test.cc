// The real environment, files, programs and random numbers.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "storage/s3/credentials.h"

namespace stateferry::storage::s3 {
namespace {

CredentialSurroundings Real() {
  return RealSurroundings([](const HttpCallRequest&) -> Result<HttpCallAnswer> {
    return Error(ErrorCode::kUnavailable, "no network in this test", Retry::kMayHelp);
  });
}

TEST(RealSurroundings, ReadsTheEnvironment) {
  ASSERT_EQ(::setenv("SF_TEST_VARIABLE", "a=b", 1), 0);
  ASSERT_EQ(::setenv("HOME", "/home/u/", 1), 0);
  const auto around = Real();
  EXPECT_EQ(around.Variable("SF_TEST_VARIABLE"), "a=b");
  EXPECT_EQ(around.Variable("SF_TEST_ABSENT"), "");
  EXPECT_EQ(around.home, "/home/u");
}

TEST(RealSurroundings, ReadsFilesAndTellsAbsentOnesFromUnreadable) {
  const auto around = Real();
  const std::string dir = ::testing::TempDir() + "sf_real_surroundings";
  std::filesystem::create_directories(dir);
  std::ofstream(dir + "/keys") << "text";
  EXPECT_EQ((*around.read_file(dir + "/keys"))->Reveal(), "text");
  EXPECT_FALSE(around.read_file(dir + "/absent")->has_value());
  const auto unreadable = around.read_file(dir);
  ASSERT_FALSE(unreadable.has_value());
  EXPECT_EQ(unreadable.error().code(), ErrorCode::kPermission);
  std::filesystem::remove_all(dir);
}

TEST(RealSurroundings, NoncesDiffer) {
  const auto around = Real();
  EXPECT_EQ(around.nonce().size(), 32U);
  EXPECT_NE(around.nonce(), around.nonce());
}

TEST(RealSurroundings, ACredentialProcessIsRun) {
  auto provider = MakeS3Credentials(
      Real(), {.credential_process =
                   R"(echo '{"Version":1,"AccessKeyId":"AKIAREAL","SecretAccessKey":"s"}')"});
  const auto got = provider->Get();
  ASSERT_TRUE(got.has_value()) << got.error().message();
  EXPECT_EQ(got->access_key_id, "AKIAREAL");
}

}  // namespace
}  // namespace stateferry::storage::s3
