#pragma once
// What a command writes.  Data goes to standard output, everything else to standard error.

#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace stateferry::cli {

/// `text` with control characters (a hostile operator name could hold terminal escapes) replaced.
/// Keeps '\n' and '\t' when `keep_layout`.  A line of JSON stays one: what it may hold unescaped,
/// DEL and C1, is escaped in its way.
std::string Printable(std::string_view text, bool keep_layout = false);

struct OutputOptions {
  bool json = false;
  bool quiet = false;
  int stdout_fd = 1;
  int stderr_fd = 2;
};

/// Thread-safe.  Writing into a closed pipe is not an error: the rest is dropped quietly.
class Output {
 public:
  explicit Output(const OutputOptions& options) : options_(options) {}
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  bool json() const { return options_.json; }
  bool quiet() const { return options_.quiet; }

  /// Text mode, not quiet: one line of data.
  void Line(std::string_view text = "");
  /// Text mode and quiet: an id or place alone on its line.
  void Id(std::string_view id);
  /// Any text mode: the data that was asked for, as it is, without a newline added.
  void Raw(std::string_view text);
  /// JSON mode: one line.  `urgent` lines are written at once.
  void Item(const Json& item, bool urgent = false);

  /// A sentence for people on standard error: "stateferry: text".  Not when quiet.
  void Note(std::string_view text);
  /// A line of the log, on standard error, in every mode.
  void LogLine(std::string_view line);
  /// Text: on standard error, also when quiet.  JSON: {"type":"warning"} on standard output.
  /// `rule`: the documented rule that it is about, "C-25", or "".
  void Warning(std::string_view text, std::string_view rule = {});
  /// Text: "stateferry: ..." (a broken rule: "stateferry: error[incompatible/C-05]: ...") and
  /// "hint: ..." on standard error.  JSON: {"type":"error"}.
  void Failure(const Error& error, int exit_code);

  /// Last words of a process that ends now, from another thread: the error, when it can be written
  /// without waiting for anything.
  void LeaveNow(const Error& error, int exit_code);

  /// Called before anything is written in text mode, so that a progress display can step aside.
  void SetBeforeText(std::function<void()> before_text);
  /// Writes what is buffered.  Errors: kNoSpace, kIo (a full disk), never a closed pipe.
  Result<void> Flush();

 private:
  void Append(std::string_view text, bool flush);
  std::string FailureText(const Error& error, int exit_code) const;
  Result<void> FlushLocked();
  void WriteError(std::string_view text);

  const OutputOptions options_;
  std::mutex mutex_;
  std::function<void()> before_text_;  // guarded by mutex_
  std::string buffer_;                 // guarded by mutex_
  Result<void> failure_;               // guarded by mutex_; the first one
  bool closed_ = false;                // guarded by mutex_
};

}  // namespace stateferry::cli
