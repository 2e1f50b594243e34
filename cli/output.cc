#include "cli/output.h"

#include <fmt/format.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "cli/exit_code.h"

namespace stateferry::cli {

namespace {
constexpr std::size_t kBufferBytes = 64 << 10;

/// 0 or the errno.
int WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) {
      // Whoever shares the pipe or terminal has made it non-blocking; it only has to be waited for.
      pollfd writable{fd, POLLOUT, 0};
      (void)poll(&writable, 1, -1);
      continue;
    }
    if (written < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}
}  // namespace

std::string Printable(std::string_view text, bool keep_layout) {
  std::string safe;
  safe.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080..U+009F are control characters too: 0xC2 0x80..0x9F in UTF-8.
    const bool c1 = byte == 0xC2 && i + 1 < text.size() &&
                    (static_cast<unsigned char>(text[i + 1]) & 0xE0) == 0x80;
    if (byte < 0x20 && !(keep_layout && (byte == '\n' || byte == '\t')))
      safe += fmt::format("\\x{:02x}", byte);
    else if (byte == 0x7F)
      safe += "\\u007f";
    else if (c1)
      safe += fmt::format("\\u{:04x}", static_cast<unsigned char>(text[++i]));
    else
      safe += text[i];
  }
  return safe;
}

Output::~Output() { (void)Flush(); }

void Output::Line(std::string_view text) {
  if (options_.json || options_.quiet) return;
  Append(Printable(text, true) + "\n", false);
}

void Output::Id(std::string_view id) {
  if (options_.json || !options_.quiet) return;
  Append(Printable(id) + "\n", false);
}

void Output::Raw(std::string_view text) {
  if (!options_.json) Append(text, false);
}

void Output::Item(const Json& item, bool urgent) {
  if (options_.json) Append(DumpJson(item) + "\n", urgent);
}

void Output::Note(std::string_view text) {
  if (!options_.quiet) WriteError(fmt::format("stateferry: {}\n", Printable(text)));
}

void Output::LogLine(std::string_view line) { WriteError(Printable(line) + "\n"); }

void Output::Warning(std::string_view text, std::string_view rule) {
  if (options_.json) {
    Json line = {{"type", "warning"}, {"message", std::string(text)}};
    if (!rule.empty()) line["rule"] = std::string(rule);
    Item(line, true);
    return;
  }
  const std::string label = rule.empty() ? "warning" : fmt::format("warning[{}]", rule);
  WriteError(fmt::format("stateferry: {}: {}\n", label, Printable(text)));
}

void Output::Failure(const Error& error, int exit_code) {
  const std::string text = FailureText(error, exit_code);
  if (options_.json)
    Append(text, true);
  else
    WriteError(text);
}

void Output::LeaveNow(const Error& error, int exit_code) {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock()) return;
  if (before_text_) before_text_();
  const int fd = options_.json ? options_.stdout_fd : options_.stderr_fd;
  // Up to PIPE_BUF bytes either fit into a pipe that has room, or the reader is stuck.
  const std::string text = (options_.json ? buffer_ : "") + FailureText(error, exit_code);
  pollfd writable{fd, POLLOUT, 0};
  if (text.size() <= PIPE_BUF && poll(&writable, 1, 0) == 1) (void)WriteAll(fd, text);
}

std::string Output::FailureText(const Error& error, int exit_code) const {
  const std::string category =
      error.category().empty() ? std::string(ErrorCodeName(error.code())) : error.category();
  if (options_.json) {
    Json line = {{"type", "error"},
                 {"category", category},
                 {"message", error.message()},
                 {"exitCode", exit_code}};
    if (!error.rule().empty()) line["rule"] = error.rule();
    if (!error.hint().empty()) line["hint"] = error.hint();
    return DumpJson(line) + "\n";
  }
  const std::string label =
      error.rule().empty() ? "" : fmt::format("error[{}/{}]: ", category, error.rule());
  std::string text = fmt::format("stateferry: {}{}\n", label, Printable(error.message()));
  if (!error.hint().empty()) text += fmt::format("hint: {}\n", Printable(error.hint()));
  return text;
}

void Output::SetBeforeText(std::function<void()> before_text) {
  std::lock_guard lock(mutex_);
  before_text_ = std::move(before_text);
}

Result<void> Output::Flush() {
  std::lock_guard lock(mutex_);
  return FlushLocked();
}

void Output::Append(std::string_view text, bool flush) {
  std::lock_guard lock(mutex_);
  if (before_text_) before_text_();
  if (closed_) return;
  buffer_ += text;
  if (flush || buffer_.size() >= kBufferBytes) (void)FlushLocked();
}

Result<void> Output::FlushLocked() {
  if (!buffer_.empty() && !closed_) {
    const int problem = WriteAll(options_.stdout_fd, buffer_);
    if (problem != 0) {
      closed_ = true;
      // Whoever read the pipe has seen enough; that is no failure of this command.
      if (problem != EPIPE) failure_ = ErrnoError(problem, "writing standard output");
    }
  }
  buffer_.clear();
  return failure_;
}

void Output::WriteError(std::string_view text) {
  std::lock_guard lock(mutex_);
  if (before_text_) before_text_();
  (void)FlushLocked();  // so that a terminal shows both in the order they were written
  (void)WriteAll(options_.stderr_fd, text);
}

}  // namespace stateferry::cli
