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

}  // namespace
}  // namespace stateferry::cli
