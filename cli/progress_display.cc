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

class Redrawing final : public ProgressDisplay {
 public:
  Redrawing(std::unique_ptr<Terminal> terminal, RestingPlace resting_place)
      : terminal_(std::move(terminal)), resting_place_(resting_place) {}
  ~Redrawing() override { Clear(); }

  void OnProgress(const transfer::Progress& progress) override {
    std::lock_guard lock(mutex_);
    last_ = progress;
    Draw("");
  }
  void OnWarning(std::string_view message) override {
    std::lock_guard lock(mutex_);
    Draw(fmt::format("stateferry: warning: {}\r\n", Printable(message)));
  }
  void Clear() override {
    std::lock_guard lock(mutex_);
    last_.reset();
    if (!drawn_.empty()) Draw("");
  }

 private:
  /// `above` scrolls up over the display.  One write, so that a half-drawn display is never seen.
  void Draw(const std::string& above) {
    const int width = terminal_->Width();
    std::vector<std::string> lines;
    if (last_) lines = RenderProgress(*last_, width);
    // The terminal may have become narrower while it still tells the old width: without automatic
    // wrapping no line of the display can take two rows.
    std::string text = Erased(width) + above + "\x1b[?7l";
    for (std::size_t i = 0; i < lines.size(); ++i) text += (i > 0 ? "\r\n" : "") + lines[i];
    text += "\x1b[?7h";
    if (resting_place_ == RestingPlace::kFirstLine) text += "\r" + Up(lines.size());
    terminal_->Write(text);
    drawn_ = std::move(lines);
  }

  /// Removes what is drawn and leaves the cursor where it began.  Row by row, not "erase to the end
  /// of the screen": tmux keeps in its scrollback what that erases at the top of the screen.
  std::string Erased(int width) const {
    if (drawn_.empty()) return "\r";
    const std::size_t rows = RowsOf(drawn_, width);
    std::string text = "\r";
    if (resting_place_ == RestingPlace::kLastLine) text += Up(rows);
    for (std::size_t i = 0; i < rows; ++i) text += i > 0 ? "\r\n\x1b[2K" : "\x1b[2K";
    return text + "\r" + Up(rows);
  }

  /// From the last of so many rows to the first.
  static std::string Up(std::size_t rows) {
    return rows > 1 ? fmt::format("\x1b[{}A", rows - 1) : "";
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
  const RestingPlace resting_place_;
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

std::unique_ptr<ProgressDisplay> TerminalDisplay(std::unique_ptr<Terminal> terminal,
                                                 RestingPlace resting_place) {
  return std::make_unique<Redrawing>(std::move(terminal), resting_place);
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
