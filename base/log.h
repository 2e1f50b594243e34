#pragma once
// Logging on stderr.  Log where an error is handled, not where it is passed on; never log secrets.

#include <fmt/format.h>

#include <functional>
#include <string_view>
#include <utility>

namespace stateferry {

enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };
enum class LogFormat { kText, kJson };

/// Called once at start, before any thread.  Default: warnings and errors as text.
void ConfigureLog(LogLevel level, LogFormat format);
bool LogEnabled(LogLevel level);
/// Lines go to `sink`, without their newline, instead of to standard error; an empty one undoes it.
/// The sink may be called from any thread, one at a time, and must not log.
void SetLogSink(std::function<void(std::string_view line)> sink);
/// Thread-safe.  `component` is the folder that speaks: "storage", "transfer".
void LogMessage(LogLevel level, std::string_view component, std::string_view message);

template <typename... Args>
void LogInfo(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
  if (LogEnabled(LogLevel::kInfo))
    LogMessage(LogLevel::kInfo, component, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void LogDebug(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
  if (LogEnabled(LogLevel::kDebug))
    LogMessage(LogLevel::kDebug, component, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void LogWarning(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
  if (LogEnabled(LogLevel::kWarning))
    LogMessage(LogLevel::kWarning, component, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void LogError(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
  if (LogEnabled(LogLevel::kError))
    LogMessage(LogLevel::kError, component, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace stateferry
