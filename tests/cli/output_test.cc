#include "cli/output.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <functional>

#include "base/json.h"
#include "base/log.h"
#include "cli/table.h"

namespace stateferry::cli {
namespace {

using testing::ElementsAre;

TEST(Printable, DisarmsControlCharacters) {
  EXPECT_EQ(Printable("plain ünï"), "plain ünï");
  EXPECT_EQ(Printable("a\x1b[2Jb\r\n\x7f"), "a\\x1b[2Jb\\x0d\\x0a\\u007f");
  EXPECT_EQ(Printable("a\nb\tc", true), "a\nb\tc");
  EXPECT_EQ(Printable("\xC2\x9B"
                      "31m"),
            "\\u009b31m");
}

TEST(Output, IsQuietAboutAClosedPipe) {
  signal(SIGPIPE, SIG_IGN);
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  close(fds[0]);
  Output output({.stdout_fd = fds[1], .stderr_fd = -1});
  for (int i = 0; i < 100'000; ++i) output.Line("a line of data");
  EXPECT_TRUE(output.Flush());
  close(fds[1]);
}

TEST(Output, ReportsAFullDisk) {
  const int fd = open("/dev/full", O_WRONLY);
  if (fd < 0) GTEST_SKIP() << "no /dev/full here";
  Output output({.stdout_fd = fd, .stderr_fd = -1});
  output.Line("data");
  const auto flushed = output.Flush();
  ASSERT_FALSE(flushed);
  EXPECT_EQ(flushed.error().code(), ErrorCode::kNoSpace);
  close(fd);
}

TEST(Output, GivesJsonErrorsWithCategoryAndHint) {
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  {
    Output output({.json = true, .stdout_fd = fds[1], .stderr_fd = -1});
    output.Line("not shown");
    output.Failure(Error(ErrorCode::kLocked, "in use").WithHint("wait"), 11);
  }
  close(fds[1]);
  char buffer[512];
  const ssize_t n = read(fds[0], buffer, sizeof(buffer));
  EXPECT_EQ(std::string(buffer, static_cast<std::size_t>(n)),
            R"({"type":"error","category":"locked","message":"in use","exitCode":11,"hint":"wait"})"
            "\n");
  close(fds[0]);
}

/// What a command writes: standard output with JSON, standard error without.
std::string Written(bool json, const std::function<void(Output&)>& command) {
  int fds[2];
  if (pipe(fds) != 0) return "no pipe";
  {
    Output output({.json = json, .stdout_fd = fds[1], .stderr_fd = fds[1]});
    command(output);
  }
  close(fds[1]);
  char buffer[1024];
  const ssize_t size = read(fds[0], buffer, sizeof(buffer));
  close(fds[0]);
  return {buffer, static_cast<std::size_t>(size)};
}

TEST(Output, NamesTheRuleThatAnErrorBreaks) {
  const auto fail = [](Output& output) {
    output.Failure(Error(ErrorCode::kRefused, "region eu, not us").WithRule("C-05", "incompatible"),
                   4);
  };
  EXPECT_EQ(Written(false, fail), "stateferry: error[incompatible/C-05]: region eu, not us\n");
  EXPECT_EQ(Written(true, fail),
            R"({"type":"error","category":"incompatible","message":"region eu, not us",)"
            R"("exitCode":4,"rule":"C-05"})"
            "\n");
}

TEST(Output, NamesTheRuleThatAWarningIsAbout) {
  const auto warn = [](Output& output) { output.Warning("it is old", "C-25"); };
  EXPECT_EQ(Written(false, warn), "stateferry: warning[C-25]: it is old\n");
  EXPECT_EQ(Written(true, warn), R"({"type":"warning","message":"it is old","rule":"C-25"})"
                                 "\n");
  EXPECT_EQ(Written(false, [](Output& output) { output.Warning("old"); }),
            "stateferry: warning: old\n");
}

TEST(Output, LogLinesOfJsonStayJson) {
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  Output output({.stdout_fd = -1, .stderr_fd = fds[1]});
  ConfigureLog(LogLevel::kWarning, LogFormat::kJson);
  SetLogSink([&](std::string_view line) { output.LogLine(line); });
  LogWarning("test", "{}", "esc \x1b del \x7f csi \xC2\x9B quote \" end");
  SetLogSink({});
  ConfigureLog(LogLevel::kWarning, LogFormat::kText);
  char text[512];
  const ssize_t size = read(fds[0], text, sizeof(text));
  const auto json = ParseJson({text, static_cast<std::size_t>(size)});
  ASSERT_TRUE(json);
  EXPECT_EQ(JsonString(*json, "msg"), "esc \x1b del \x7f csi \xC2\x9B quote \" end");
  close(fds[0]);
  close(fds[1]);
}

TEST(Table, AlignsAndCuts) {
  Table table({{"size", true}, {"name", false, 8}, {"where"}});
  table.Add({"1.5 KiB", "short", "/a"});
  table.Add({"12 B", "a very long name", ""});
  EXPECT_THAT(table.Lines("  "), ElementsAre("     size  name      where",  //
                                             "  1.5 KiB  short     /a",     //
                                             "     12 B  a ver..."));
}

TEST(Table, CountsCodePointsNotBytes) {
  EXPECT_EQ(DisplayWidth("zähler"), 6u);
  EXPECT_EQ(Shortened("zähler-über-alles", 9), "zähler...");
  EXPECT_EQ(Shortened("zähler", 6), "zähler");
  EXPECT_EQ(Shortened("abcdef", 3), "abc");
}

}  // namespace
}  // namespace stateferry::cli
