#include "storage/s3/run_program.h"

#include <gtest/gtest.h>

#include <chrono>

namespace stateferry::storage::s3 {
namespace {

using std::chrono::milliseconds;

constexpr RunProgramOptions kEnough{.timeout = std::chrono::seconds(60),
                                    .max_output_bytes = 1 << 16};

TEST(RunProgram, GivesItsOutput) {
  const auto out = RunProgram({"printf", "%s-%s", "a b", "$HOME"}, kEnough);
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ(out->Reveal(), "a b-$HOME");  // no shell in between
}

TEST(RunProgram, HasNoInput) { EXPECT_EQ(RunProgram({"cat"}, kEnough)->Reveal(), ""); }

TEST(RunProgram, FailuresNameTheProgramButNotItsArguments) {
  for (const auto& command :
       std::vector<std::vector<std::string>>{{"sh", "-c", "echo SECRET; exit 3"},
                                             {"sh", "-c", "kill -9 $$ # SECRET"},
                                             {"/no/such/program", "SECRET"}}) {
    const auto out = RunProgram(command, kEnough);
    ASSERT_FALSE(out.has_value()) << command[0];
    EXPECT_EQ(out.error().code(), ErrorCode::kPermission);
    EXPECT_NE(out.error().message().find(command[0]), std::string::npos);
    EXPECT_EQ(out.error().message().find("SECRET"), std::string::npos);
  }
  EXPECT_FALSE(RunProgram({}, kEnough).has_value());
}

TEST(RunProgram, IsKilledWhenItTakesTooLong) {
  for (const char* script : {"exec sleep 600", "exec >&-; exec sleep 600"}) {
    const auto start = std::chrono::steady_clock::now();
    // `exec` so that the sleeping program is the one that gets killed.
    const auto out =
        RunProgram({"sh", "-c", script}, {.timeout = milliseconds(50), .max_output_bytes = 10});
    ASSERT_FALSE(out.has_value());
    EXPECT_EQ(out.error().code(), ErrorCode::kUnavailable);
    EXPECT_EQ(out.error().retry(), Retry::kMayHelp);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
  }
}

TEST(RunProgram, MayNotWriteTooMuch) {
  const auto out = RunProgram({"sh", "-c", "exec yes"}, kEnough);
  ASSERT_FALSE(out.has_value());
  EXPECT_EQ(out.error().code(), ErrorCode::kRefused);
}

TEST(SplitCommand, SplitsAsAShellDoes) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(*SplitCommand("a  b\tc"), (Words{"a", "b", "c"}));
  EXPECT_EQ(*SplitCommand(R"('a b' "c \"d\\" e\ f g''h "" '\x')"),
            (Words{"a b", "c \"d\\", "e f", "gh", "", "\\x"}));
  EXPECT_EQ(*SplitCommand("a $HOME `b` *"), (Words{"a", "$HOME", "`b`", "*"}));
  for (const char* bad : {"", "  ", "'a", "\"a"}) {
    EXPECT_FALSE(SplitCommand(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace stateferry::storage::s3
