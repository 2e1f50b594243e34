#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/run.h"
#include "tests/fakes/scratch_dir.h"

namespace stateferry::cli {
namespace {

// A store in a bucket consists of objects there: a kind that no service has is refused before
// anything is asked, wherever it was said.
TEST(NewObjectFlags, ReachThePacksOfAStoreInABucket) {
  fakes::ScratchDir dir;
  Environment environment{.variables = {{"HOME", dir.path()}}, .working_directory = dir.path()};
  std::vector<std::string> words = {"copy", dir.path(),
                                    "managed+s3://b/store/p/k?sign=no&endpoint=http://127.0.0.1:1",
                                    "--retries=0", "--home=" + dir.File("home")};
  const auto run = [&] {
    testing::internal::CaptureStderr();
    const int code = RunProgram(words, environment);
    return std::to_string(code) + " " + testing::internal::GetCapturedStderr();
  };
  EXPECT_THAT(run(), testing::Not(testing::HasSubstr("sse")));
  environment.variables["STATEFERRY_SSE"] = "nonsense";
  EXPECT_THAT(run(), testing::HasSubstr("sse is \"nonsense\"")) << "it was left out without a word";
  environment.variables.erase("STATEFERRY_SSE");
  words.push_back("--sse=nonsense");
  EXPECT_THAT(run(), testing::HasSubstr("sse is \"nonsense\""));
}

/// How a command line ends: its code and what it says on standard error.
std::string Ended(const std::vector<std::string>& words, const Environment& environment) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int code = RunProgram(words, environment);
  testing::internal::GetCapturedStdout();
  return std::to_string(code) + " " + testing::internal::GetCapturedStderr();
}

// Whoever writes objects asks for what is said of them, wherever it was said: here it is refused,
// before anything is sent.
TEST(NewObjectFlags, HoldForEveryCommandThatWritesIntoABucket) {
  fakes::ScratchDir dir;
  Environment environment{.variables = {{"HOME", dir.path()}}, .working_directory = dir.path()};
  const std::string nowhere = "?sign=no&endpoint=http://127.0.0.1:1";
  const std::string home = "--home=" + dir.File("home");
  const std::string store = "managed+s3://b/store";
  const std::vector<std::vector<std::string>> lines = {
      {"store", "init", store + nowhere},
      {"store", "gc", store + nowhere},
      {"store", "forget", store + "/p/k" + nowhere, "--yes"},
      {"store", "check", "s3://b/k" + nowhere},
  };
  environment.variables["STATEFERRY_SSE"] = "nonsense";
  for (std::vector<std::string> words : lines) {
    words.push_back(home);
    EXPECT_THAT(Ended(words, environment), testing::HasSubstr("sse is \"nonsense\"")) << words[1];
  }
  environment.variables.clear();
  environment.variables["HOME"] = dir.path();
  for (std::vector<std::string> words : lines) {
    words.insert(words.end(), {home, "--sse=nonsense"});
    EXPECT_THAT(Ended(words, environment), testing::HasSubstr("sse is \"nonsense\"")) << words[1];
  }
  EXPECT_THAT(Ended({"store", "init", dir.File("store"), "--sse=AES256", home}, environment),
              testing::HasSubstr("--sse is about objects in a bucket, and STORE is not in one"));
  environment.variables["STATEFERRY_SSE"] = "AES256";
  EXPECT_THAT(Ended({"store", "init", dir.File("store"), home}, environment),
              testing::StartsWith("0 "));
}

// What is read has its encryption already, and may be in a service that does not know this one.
TEST(NewObjectFlags, DoNotConcernWhatIsOnlyRead) {
  fakes::ScratchDir dir;
  const Environment environment{.variables = {{"HOME", dir.path()}, {"STATEFERRY_SSE", "nonsense"}},
                                .working_directory = dir.path()};
  const std::string options = "?sign=no&endpoint=http://127.0.0.1:1";
  const std::string home = "--home=" + dir.File("home");
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"copy", "s3://b/k" + options, dir.File("to"), "--retries=0", home},
           {"store", "check", "s3://b/k" + options, "--read-only", home}})
    EXPECT_THAT(Ended(words, environment), testing::Not(testing::HasSubstr("nonsense")))
        << words[0];
}

TEST(NewObjectFlags, ATagHasANameAndAValue) {
  fakes::ScratchDir dir;
  const Environment environment{.variables = {{"HOME", dir.path()}},
                                .working_directory = dir.path()};
  EXPECT_THAT(Ended({"copy", dir.path(), "s3://b/k", "--tag", "x"}, environment),
              testing::HasSubstr("--tag: 'x' is not NAME=VALUE"));
}

}  // namespace
}  // namespace stateferry::cli
