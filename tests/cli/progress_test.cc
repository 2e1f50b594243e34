#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/progress_display.h"
#include "cli/progress_lines.h"
#include "cli/table.h"
#include "tests/fakes/fake_clock.h"

namespace stateferry::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

transfer::Progress Halfway() {
  transfer::Progress progress;
  progress.id = "0123456789abcdef";
  progress.phase = "copying";
  progress.bytes_done = 1ull << 30;
  progress.bytes_total = 2ull << 30;
  progress.files_done = 12;
  progress.files_total = 1024;
  progress.duplicate_bytes = 100u << 20;
  progress.plain_bytes = progress.bytes_done;
  progress.stored_bytes = 600u << 20;
  progress.rate_bytes_per_s = 212.3 * (1 << 20);
  progress.eta_seconds = 32;
  return progress;
}

TEST(RenderProgress, FitsEveryWidth) {
  for (int width = 1; width < 200; ++width)
    for (const std::string& line : RenderProgress(Halfway(), width))
      EXPECT_LT(DisplayWidth(line), static_cast<std::size_t>(width)) << line;
}

TEST(RenderProgress, ShowsEverythingAt80Columns) {
  EXPECT_THAT(
      RenderProgress(Halfway(), 80),
      ElementsAre("copying    [####################--------------------]  50 %  1.0 GiB of 2.0 GiB",
                  "  12 of 1,024 files  212.3 MiB/s  ETA 0:32",
                  "  dedup 100.0 MiB  stored 600.0 MiB  zstd 1.54x"));
}

TEST(RenderProgress, DropsTheBarAndTheLastFactsInANarrowWindow) {
  EXPECT_THAT(RenderProgress(Halfway(), 40),
              ElementsAre("copying  50 %  1.0 GiB of 2.0 GiB", "  12 of 1,024 files  212.3 MiB/s",
                          "  dedup 100.0 MiB  stored 600.0 MiB"));
  EXPECT_THAT(RenderProgress(Halfway(), 16), ElementsAre("copying  50 %"));
  EXPECT_TRUE(RenderProgress(Halfway(), 9).empty());
}

TEST(RenderProgress, SaysHundredPercentOnlyAtTheEnd) {
  transfer::Progress progress = Halfway();
  progress.bytes_done = progress.bytes_total - 1;
  EXPECT_THAT(RenderProgress(progress, 80)[0], HasSubstr(" 99 %"));
  progress.bytes_done = progress.bytes_total;
  EXPECT_THAT(RenderProgress(progress, 80)[0], HasSubstr("100 %"));
  progress.bytes_done = progress.bytes_total * 2;  // the source grew under way
  EXPECT_THAT(RenderProgress(progress, 80)[0], HasSubstr("100 %"));
}

TEST(RenderProgress, CountsVerifyingAsWork) {
  transfer::Progress progress = Halfway();
  progress.verify_bytes_total = progress.bytes_total;
  EXPECT_THAT(RenderProgress(progress, 80)[0], HasSubstr(" 25 %  1.0 GiB of 2.0 GiB"));
  progress.phase = "verifying";
  progress.bytes_done = progress.bytes_total;
  progress.verify_bytes_done = 1ull << 29;
  EXPECT_THAT(RenderProgress(progress, 80)[0], HasSubstr(" 62 %  512.0 MiB of 2.0 GiB"));
  EXPECT_THAT(RenderProgress(progress, 80)[1], HasSubstr("ETA"));
  progress.verify_bytes_done = progress.verify_bytes_total;
  EXPECT_THAT(RenderProgress(progress, 80)[0], HasSubstr("100 %  2.0 GiB of 2.0 GiB"));
}

TEST(RenderProgress, SurvivesWhatIsNotKnownYet) {
  transfer::Progress progress;
  progress.phase = "planning";
  EXPECT_THAT(RenderProgress(progress, 80)[0], HasSubstr("  0 %  0 B of 0 B"));
  progress.rate_bytes_per_s = std::numeric_limits<double>::infinity();
  progress.eta_seconds = 1e300;
  progress.bytes_total = UINT64_MAX;
  EXPECT_FALSE(RenderProgress(progress, 80).empty());
}

/// A screen that understands what the display writes, and wraps its rows again when it is resized,
/// as terminals do.
class Screen final : public Terminal {
 public:
  int Width() const override { return told_width_; }
  void Write(std::string_view text) override {
    while (!text.empty()) {
      std::size_t used = 1;
      if (text[0] == '\r')
        column_ = 0;
      else if (text[0] == '\n')
        Down();
      else if (text.starts_with("\x1b[2K"))
        rows_[row_] = {}, used = 4;
      else if (text.starts_with("\x1b[?7"))
        wraps_ = text[4] == 'h', used = 5;
      else if (text.starts_with("\x1b["))
        used = Up(text);
      else
        Put(text[0]);
      text.remove_prefix(used);
    }
  }
  /// The terminal is narrower or wider already, but still tells its old width.
  void ResizeSilently(int width) {
    const int told = told_width_;
    Resize(width);
    told_width_ = told;
  }
  void Resize(int width) {
    std::vector<Row> lines;  // rows that were wrapped, joined again
    std::size_t cursor_line = 0, cursor_at = 0;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (!rows_[i].continued) lines.push_back({"", false});
      if (i == row_) {
        cursor_line = lines.size() - 1;
        cursor_at = lines.back().text.size() + column_;
      }
      lines.back().text += rows_[i].text;
    }
    width_ = told_width_ = width;
    rows_.clear();
    const auto columns = static_cast<std::size_t>(width);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (i == cursor_line) {
        // At the end of a line that just fills its rows the cursor stays on the last of them.
        const std::size_t size = lines[i].text.size();
        const std::size_t at =
            cursor_at == size && at_multiple(size, columns) ? size - 1 : cursor_at;
        row_ = rows_.size() + at / columns;
        column_ = at % columns;
      }
      std::string_view rest = lines[i].text;
      rows_.push_back({std::string(rest.substr(0, columns)), false});
      for (rest.remove_prefix(std::min(rest.size(), columns)); !rest.empty();
           rest.remove_prefix(std::min(rest.size(), columns)))
        rows_.push_back({std::string(rest.substr(0, columns)), true});
    }
  }
  std::vector<std::string> Shown() const {
    std::vector<std::string> shown;
    for (const Row& row : rows_) shown.push_back(row.text);
    while (!shown.empty() && shown.back().empty()) shown.pop_back();
    return shown;
  }

 private:
  struct Row {
    std::string text;
    bool continued = false;
  };
  static bool at_multiple(std::size_t size, std::size_t columns) {
    return size > 0 && size % columns == 0;
  }
  void Down() {
    if (++row_ == rows_.size()) rows_.emplace_back();
  }
  std::size_t Up(std::string_view text) {
    const std::size_t end = text.find('A');
    row_ -= std::stoul(std::string(text.substr(2, end - 2)));
    return end + 1;
  }
  void Put(char c) {
    if (!wraps_) column_ = std::min(column_, static_cast<std::size_t>(width_) - 1);
    ASSERT_LT(column_, static_cast<std::size_t>(width_)) << "a line of the display wrapped";
    std::string& line = rows_[row_].text;
    if (line.size() <= column_) line.resize(column_ + 1, ' ');
    line[column_++] = c;
  }

  int width_ = 80, told_width_ = 80;
  bool wraps_ = true;
  std::size_t row_ = 0, column_ = 0;
  std::vector<Row> rows_ = {Row{}};
};

class TerminalDisplayTest : public testing::TestWithParam<RestingPlace> {};
INSTANTIATE_TEST_SUITE_P(BothPlaces, TerminalDisplayTest,
                         testing::Values(RestingPlace::kFirstLine, RestingPlace::kLastLine));

TEST_P(TerminalDisplayTest, RedrawsInPlaceAndLeavesNothing) {
  auto owned = std::make_unique<Screen>();
  Screen& screen = *owned;
  screen.Write("$ stateferry relocate\r\n");
  auto display = TerminalDisplay(std::move(owned), GetParam());
  for (int i = 0; i < 50; ++i) display->OnProgress(Halfway());
  EXPECT_EQ(screen.Shown().size(), 4u);
  EXPECT_THAT(screen.Shown()[1], HasSubstr("copying"));
  display->Clear();
  EXPECT_THAT(screen.Shown(), ElementsAre("$ stateferry relocate"));
}

TEST_P(TerminalDisplayTest, FollowsResizesAndShrinkingFacts) {
  auto owned = std::make_unique<Screen>();
  Screen& screen = *owned;
  auto display = TerminalDisplay(std::move(owned), GetParam());
  for (const int width : {80, 30, 120, 9, 16, 80}) {
    screen.Resize(width);
    display->OnProgress(Halfway());
    EXPECT_EQ(screen.Shown().size(), RenderProgress(Halfway(), width).size()) << width;
  }
  transfer::Progress planning;
  planning.phase = "planning";
  display->OnProgress(planning);
  EXPECT_EQ(screen.Shown().size(), 1u);
  EXPECT_THAT(screen.Shown()[0], HasSubstr("planning"));
}

TEST_P(TerminalDisplayTest, SurvivesATerminalThatTellsItsOldWidth) {
  auto owned = std::make_unique<Screen>();
  Screen& screen = *owned;
  auto display = TerminalDisplay(std::move(owned), GetParam());
  display->OnProgress(Halfway());
  screen.ResizeSilently(30);
  display->OnProgress(Halfway());
  screen.Resize(30);
  display->OnProgress(Halfway());
  EXPECT_EQ(screen.Shown(), RenderProgress(Halfway(), 30));
}

TEST_P(TerminalDisplayTest, PutsWarningsAboveItself) {
  auto owned = std::make_unique<Screen>();
  Screen& screen = *owned;
  auto display = TerminalDisplay(std::move(owned), GetParam());
  display->OnProgress(Halfway());
  display->OnWarning("careful \x1b[31m");
  display->OnProgress(Halfway());
  const auto shown = screen.Shown();
  ASSERT_EQ(shown.size(), 4u);
  EXPECT_EQ(shown[0], "stateferry: warning: careful \\x1b[31m");
  EXPECT_THAT(shown[1], HasSubstr("copying"));
}

TEST_P(TerminalDisplayTest, StepsAsideForLogLines) {
  int err[2];
  ASSERT_EQ(pipe(err), 0);
  auto owned = std::make_unique<Screen>();
  Screen& screen = *owned;
  auto display = TerminalDisplay(std::move(owned), GetParam());
  Output output({.stdout_fd = -1, .stderr_fd = err[1]});
  output.SetBeforeText([&] { display->Clear(); });
  SetLogSink([&](std::string_view line) { output.LogLine(line); });
  display->OnProgress(Halfway());
  LogWarning("test", "careful");
  SetLogSink({});
  EXPECT_TRUE(screen.Shown().empty());
  char text[256];
  const ssize_t size = read(err[0], text, sizeof(text));
  EXPECT_THAT(std::string(text, static_cast<std::size_t>(size)), HasSubstr("test: careful\n"));
  display->OnProgress(Halfway());
  EXPECT_THAT(screen.Shown()[0], HasSubstr("copying"));
  close(err[0]);
  close(err[1]);
}

/// Both ends of a pipe that stands for standard output and standard error.
struct Pipe {
  Pipe() { EXPECT_EQ(pipe(fds), 0); }
  ~Pipe() { close(fds[0]); }
  std::string Read() {
    close(fds[1]);
    std::string text;
    char buffer[4096];
    for (ssize_t n; (n = read(fds[0], buffer, sizeof(buffer))) > 0;)
      text.append(buffer, static_cast<std::size_t>(n));
    return text;
  }
  int fds[2];
};

TEST(LineDisplay, SpeaksOncePerInterval) {
  Pipe err;
  fakes::FakeClock clock;
  {
    Output output({.stdout_fd = -1, .stderr_fd = err.fds[1]});
    auto display = LineDisplay(output, clock, std::chrono::seconds(30));
    for (int second = 0; second < 95; ++second) {
      display->OnProgress(Halfway());
      clock.Advance(std::chrono::seconds(1));
    }
  }
  const std::string text = err.Read();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
  EXPECT_THAT(text, testing::StartsWith(
                        "stateferry: copying 50 %, 1.0 GiB of 2.0 GiB, 12 of 1,024 files, "
                        "212.3 MiB/s, ETA 0:32, dedup 100.0 MiB, stored 600.0 MiB, zstd 1.54x\n"));
}

TEST(JsonDisplay, WritesObjectsOnStandardOutput) {
  Pipe out;
  fakes::FakeClock clock;
  {
    Output output({.json = true, .stdout_fd = out.fds[1], .stderr_fd = -1});
    auto display = JsonDisplay(output, clock, std::chrono::seconds(1));
    for (int tenth = 0; tenth < 25; ++tenth) {
      display->OnProgress(Halfway());
      clock.Advance(std::chrono::milliseconds(100));
    }
    display->OnWarning("careful");
  }
  const std::string text = out.Read();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
  EXPECT_THAT(text, testing::StartsWith(
                        R"({"type":"progress","ts":"2026-01-01T00:00:01.000Z",)"
                        R"("id":"0123456789abcdef","phase":"copying","bytesDone":1073741824,)"
                        R"("bytesTotal":2147483648,"verifyBytesDone":0,"verifyBytesTotal":0,)"
                        R"("objectsDone":12,"objectsTotal":1024,)"));
  EXPECT_THAT(text, HasSubstr(R"({"type":"warning","message":"careful"})"));
}

}  // namespace
}  // namespace stateferry::cli
