#include "cli/progress_display.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "cli/progress_lines.h"
#include "cli/table.h"

namespace stateferry::cli {

namespace {
class RealTerminal final : public Terminal {
 public:
  explicit RealTerminal(int fd) : fd_(fd) {}
  int Width() const override {
    winsize size{};
    if (ioctl(fd_, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
    return size.ws_col;
  }
  void Write(std::string_view text) override {
    while (!text.empty()) {
      const ssize_t written = write(fd_, text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return;  // a terminal that went away must not end the transfer
      text.remove_prefix(static_cast<std::size_t>(written));
    }
  }

 private:
  const int fd_;
};

/// Between two drawings the cursor stands at the start of the first line of the display, so that a
/// log line written by somebody else overwrites it instead of following it.
class Redrawing final : public ProgressDisplay {
 public:
  explicit Redrawing(std::unique_ptr<Terminal> terminal) : terminal_(std::move(terminal)) {}
  ~Redrawing() override { Clear(); }

  void OnProgress(const transfer::Progress& progress) override {
    std::lock_guard lock(mutex_);
    last_ = progress;
    Draw("");
  }
  void OnWarning(std::string_view message) override {
    std::lock_guard lock(mutex_);
    Draw(fmt::format("stateferry: warning: {}", Printable(message)));
  }
  void Clear() override {
    std::lock_guard lock(mutex_);
    last_.reset();
    if (!drawn_.empty()) Draw("");
  }

 private:
  /// `above` scrolls up over the display.  One write, so that a half-drawn display is never seen.
  /// Line by line, not "erase to the end of the screen": tmux keeps what that erases in its
  /// scrollback when the display stands at the top.  Without automatic wrapping: a terminal may
  /// have become narrower while it still tells the old width, and must not give a line two rows.
  void Draw(const std::string& above) {
    const int width = terminal_->Width();
    std::vector<std::string> lines;
    if (last_) lines = RenderProgress(*last_, width);
    std::size_t old_rows = RowsOf(drawn_, width);
    std::string text = "\r";
    if (!above.empty()) {
      text += above + "\x1b[K\r\n";
      old_rows -= std::min<std::size_t>(old_rows, 1);
    }
    text += "\x1b[?7l";
    const std::size_t rows = std::max(lines.size(), old_rows);
    for (std::size_t i = 0; i < rows; ++i) {
      if (i > 0) text += "\r\n";
      if (i < lines.size()) text += lines[i];
      text += "\x1b[K";
    }
    text += "\x1b[?7h\r";
    if (rows > 1) text += fmt::format("\x1b[{}A", rows - 1);
    terminal_->Write(text);
    drawn_ = std::move(lines);
  }

  /// A terminal that became narrower has wrapped the lines of the display.
  static std::size_t RowsOf(const std::vector<std::string>& lines, int width) {
    const auto columns = static_cast<std::size_t>(std::max(width, 1));
    std::size_t rows = 0;
    for (const std::string& line : lines)
      rows += std::max<std::size_t>(1, (DisplayWidth(line) + columns - 1) / columns);
    return rows;
  }

  std::mutex mutex_;
  const std::unique_ptr<Terminal> terminal_;
  std::optional<transfer::Progress> last_;  // guarded by mutex_
  std::vector<std::string> drawn_;          // guarded by mutex_; empty: nothing on the screen
};

/// Passes progress on at most once per interval.
class Spaced : public ProgressDisplay {
 public:
  Spaced(Output& output, Clock& clock, std::chrono::seconds interval)
      : output_(output), clock_(clock), interval_(interval), last_(clock.Steady()) {}
  void OnProgress(const transfer::Progress& progress) final {
    std::lock_guard lock(mutex_);
    const auto now = clock_.Steady();
    if (now - last_ < interval_) return;
    last_ = now;
    Show(progress);
  }
  void OnWarning(std::string_view message) final { output_.Warning(message); }

 protected:
  virtual void Show(const transfer::Progress& progress) = 0;
  Output& output_;
  Clock& clock_;

 private:
  const std::chrono::seconds interval_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point last_;  // guarded by mutex_
};

class Sentences final : public Spaced {
 public:
  using Spaced::Spaced;
  void Show(const transfer::Progress& progress) override {
    output_.Note(ProgressSentence(progress));
  }
};

class JsonLines final : public Spaced {
 public:
  using Spaced::Spaced;
  void Show(const transfer::Progress& progress) override {
    output_.Item(ProgressJson(progress, FormatTime(clock_.Now())), true);
  }
};

class Silent final : public ProgressDisplay {
 public:
  explicit Silent(Output& output) : output_(output) {}
  void OnProgress(const transfer::Progress&) override {}
  void OnWarning(std::string_view message) override { output_.Warning(message); }

 private:
  Output& output_;
};
}  // namespace

std::unique_ptr<Terminal> FdTerminal(int fd) { return std::make_unique<RealTerminal>(fd); }

bool CanRedraw(int fd, const std::string& term_variable) {
  return isatty(fd) == 1 && term_variable != "dumb" && !term_variable.empty();
}

std::unique_ptr<ProgressDisplay> TerminalDisplay(std::unique_ptr<Terminal> terminal) {
  return std::make_unique<Redrawing>(std::move(terminal));
}
std::unique_ptr<ProgressDisplay> LineDisplay(Output& output, Clock& clock,
                                             std::chrono::seconds interval) {
  return std::make_unique<Sentences>(output, clock, interval);
}
std::unique_ptr<ProgressDisplay> JsonDisplay(Output& output, Clock& clock,
                                             std::chrono::seconds interval) {
  return std::make_unique<JsonLines>(output, clock, interval);
}
std::unique_ptr<ProgressDisplay> SilentDisplay(Output& output) {
  return std::make_unique<Silent>(output);
}

}  // namespace stateferry::cli
