#include "bench/copy/measured_run.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <functional>
#include <sstream>
#include <vector>

namespace stateferry::bench {

namespace {

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

/// Linux carries the peak memory of the process that forked over an exec, so that a child seems at
/// least as large as its parent ever was.  This makes "ever" begin now.
void ForgetOwnPeak() {
  std::ofstream clear("/proc/self/clear_refs");
  clear << "5";
}

std::string EndOf(const std::string& log_path) {
  std::ifstream log(log_path);
  std::stringstream text;
  text << log.rdbuf();
  constexpr std::size_t kQuoted = 600;
  const std::string whole = text.str();
  return whole.size() <= kQuoted ? whole : "..." + whole.substr(whole.size() - kQuoted);
}

/// This process's environment without settings of stateferry, which would change what is measured.
std::vector<std::string> EnvironmentFor(const Script& script) {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string name(text.substr(0, text.find('=')));
    if (!name.starts_with("STATEFERRY_") && !script.variables.contains(name))
      environment.emplace_back(text);
  }
  for (const auto& [name, value] : script.variables) environment.push_back(name + "=" + value);
  return environment;
}

Result<pid_t> Spawn(const Script& script) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, script.log_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                   0644);
  posix_spawn_file_actions_adddup2(&files, 1, 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // A group of its own, so that a stop reaches whatever the script has started.
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);

  std::vector<std::string> environment = EnvironmentFor(script);
  std::vector<char*> environment_pointers;
  for (auto& entry : environment) environment_pointers.push_back(entry.data());
  environment_pointers.push_back(nullptr);
  std::string words[] = {"sh", "-e", "-c", script.text};
  char* arguments[] = {words[0].data(), words[1].data(), words[2].data(), words[3].data(), nullptr};

  pid_t pid = 0;
  const int status =
      posix_spawn(&pid, "/bin/sh", &files, &attributes, arguments, environment_pointers.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (status != 0) return ErrnoError(status, "starting /bin/sh");
  return pid;
}

}  // namespace

Json ToJson(const Cost& cost) {
  return {{"wallSeconds", cost.wall_s},
          {"cpuSeconds", cost.cpu_s},
          {"peakRssBytes", cost.peak_rss_bytes},
          {"storedBytes", cost.stored_bytes}};
}

Result<Cost> RunMeasured(const Script& script, std::stop_token stop) {
  ForgetOwnPeak();
  const auto start = std::chrono::steady_clock::now();
  SF_TRY(const pid_t pid, Spawn(script));
  int status = 0;
  rusage usage{};
  {
    std::stop_callback on_stop(stop, [pid] { kill(-pid, SIGTERM); });
    while (wait4(pid, &status, 0, &usage) < 0) {
      if (errno != EINTR) return ErrnoError(errno, "waiting for a measured process");
    }
  }
  const auto end = std::chrono::steady_clock::now();
  if (stop.stop_requested()) return Error(ErrorCode::kCancelled, "the measurement was stopped");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return Error(ErrorCode::kInternal,
                 fmt::format("{} {}: {}", WIFEXITED(status) ? "exit code" : "signal",
                             WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status),
                             EndOf(script.log_path)));
  Cost cost;
  cost.wall_s = std::chrono::duration<double>(end - start).count();
  cost.cpu_s = Seconds(usage.ru_utime) + Seconds(usage.ru_stime);
  cost.peak_rss_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  return cost;
}

}  // namespace stateferry::bench
