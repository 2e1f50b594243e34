#pragma once
// Shows progress: redrawn in place on a terminal, a line each 30 s without one, JSON lines for
// programs.

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cli/output.h"
#include "transfer/progress.h"

namespace stateferry::cli {

/// The terminal as the display needs it; tests use a fake one.
class Terminal {
 public:
  virtual ~Terminal() = default;
  /// Columns now; asked before every drawing, so that a resize is followed.
  virtual int Width() const = 0;
  virtual void Write(std::string_view text) = 0;
};

/// The terminal behind a file descriptor.
std::unique_ptr<Terminal> FdTerminal(int fd);
/// Whether `fd` is a terminal that can move its cursor.
bool CanRedraw(int fd, const std::string& term_variable);

/// A display can be left and can step aside for other text.
class ProgressDisplay : public transfer::ProgressSink {
 public:
  /// Nothing of the display stays on the screen; later progress draws it again.
  virtual void Clear() {}
};

/// Where the cursor stands between two drawings.  It decides what survives when the terminal
/// becomes narrower and wraps the lines of the display: most terminals keep the cursor on its line,
/// some (xterm) do not wrap at all, and only with the first line both are right.  tmux keeps the
/// cursor's row and scrolls, which is right only for the last line.
enum class RestingPlace { kFirstLine, kLastLine };
std::unique_ptr<ProgressDisplay> TerminalDisplay(std::unique_ptr<Terminal> terminal,
                                                 RestingPlace resting_place);
std::unique_ptr<ProgressDisplay> LineDisplay(Output& output, Clock& clock,
                                             std::chrono::seconds interval);
std::unique_ptr<ProgressDisplay> JsonDisplay(Output& output, Clock& clock,
                                             std::chrono::seconds interval);
/// Only warnings.
std::unique_ptr<ProgressDisplay> SilentDisplay(Output& output);

}  // namespace stateferry::cli
