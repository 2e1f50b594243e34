#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>
#include <mutex>

#include "base/clock.h"
#include "base/json.h"

namespace stateferry {

namespace {
std::atomic<LogLevel> g_level{LogLevel::kWarning};
std::atomic<LogFormat> g_format{LogFormat::kText};
std::mutex g_sink_mutex;
std::function<void(std::string_view)> g_sink;  // guarded by g_sink_mutex

const char* LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return "debug";
    case LogLevel::kInfo: return "info";
    case LogLevel::kWarning: return "warning";
    default: return "error";
  }
}

spdlog::logger& Logger() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto made = std::make_shared<spdlog::logger>("stateferry",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::trace);
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *logger;
}
}  // namespace

void ConfigureLog(LogLevel level, LogFormat format) {
  g_level = level;
  g_format = format;
}

bool LogEnabled(LogLevel level) { return level >= g_level.load(std::memory_order_relaxed); }

void SetLogSink(std::function<void(std::string_view line)> sink) {
  std::lock_guard lock(g_sink_mutex);
  g_sink = std::move(sink);
}

namespace {
void WriteLine(const std::string& line) {
  std::lock_guard lock(g_sink_mutex);
  if (g_sink)
    g_sink(line);
  else
    Logger().log(spdlog::level::info, "{}", line);
}
}  // namespace

void LogMessage(LogLevel level, std::string_view component, std::string_view message) {
  if (!LogEnabled(level)) return;
  const std::string now = FormatTime(SystemClock().Now());
  if (g_format.load() == LogFormat::kJson) {
    Json line = {
        {"ts", now}, {"level", LevelName(level)}, {"component", component}, {"msg", message}};
    WriteLine(DumpJson(line));
  } else {
    WriteLine(fmt::format("{} {:<7} {}: {}", now, LevelName(level), component, message));
  }
}

}  // namespace stateferry
