#include "storage/s3/run_program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

extern char** environ;

namespace stateferry::storage::s3 {
namespace {

using Deadline = std::chrono::steady_clock::time_point;

struct Child {
  pid_t pid = -1;
  int out = -1;  ///< what it writes can be read here

  ~Child() {
    if (out >= 0) ::close(out);
    if (pid > 0) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
  }
};

Error CannotStart(const std::string& program, int errnum) {
  return Error(ErrorCode::kPermission, ErrnoError(errnum, "starting " + program).message());
}

Result<void> Start(const std::vector<std::string>& command, Child& child) {
  std::array<int, 2> pipe_ends;
  if (::pipe2(pipe_ends.data(), O_CLOEXEC) != 0) return CannotStart(command[0], errno);
  child.out = pipe_ends[0];
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], 1);
  // It must die of a signal although we may have it blocked or ignored.
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &defaults);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  std::vector<char*> argv;
  argv.reserve(command.size() + 1);
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const int failure =
      ::posix_spawnp(&child.pid, argv[0], &actions, &attributes, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  ::close(pipe_ends[1]);
  if (failure != 0) {
    child.pid = -1;
    return CannotStart(command[0], failure);
  }
  return {};
}

int MillisecondsLeft(Deadline deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::max<std::int64_t>(0, left.count()));
}

Error TookTooLong(const std::string& program) {
  return Error(ErrorCode::kUnavailable, program + " took too long", Retry::kMayHelp);
}

Result<std::string> ReadAll(const Child& child, const std::string& program, Deadline deadline,
                            std::uint64_t limit_bytes) {
  std::string text;
  std::array<char, 4096> buffer;
  while (true) {
    pollfd wait{child.out, POLLIN, 0};
    const int ready = ::poll(&wait, 1, MillisecondsLeft(deadline));
    if (ready == 0) return TookTooLong(program);
    const ssize_t size = ready < 0 ? -1 : ::read(child.out, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return ErrnoError(errno, "reading from " + program);
    if (size == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(size));
    if (text.size() > limit_bytes) return Error(ErrorCode::kRefused, program + " writes too much");
  }
}

/// It has closed its stdout, so it is about to end.
Result<int> WaitForEnd(Child& child, const std::string& program, Deadline deadline) {
  while (true) {
    int status = 0;
    const pid_t ended = ::waitpid(child.pid, &status, WNOHANG);
    if (ended == child.pid) {
      child.pid = -1;
      return status;
    }
    if (ended < 0 && errno != EINTR) return ErrnoError(errno, "waiting for " + program);
    if (MillisecondsLeft(deadline) == 0) return TookTooLong(program);
    ::poll(nullptr, 0, 2);
  }
}

}  // namespace

Result<Secret> RunProgram(const std::vector<std::string>& command,
                          const RunProgramOptions& options) {
  if (command.empty()) return Error(ErrorCode::kInvalidArgument, "no program to run");
  const std::string& program = command[0];
  const Deadline deadline = std::chrono::steady_clock::now() + options.timeout;
  Child child;
  SF_TRY(Start(command, child));
  SF_TRY(const auto text, ReadAll(child, program, deadline, options.max_output_bytes));
  SF_TRY(const int status, WaitForEnd(child, program, deadline));
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return Error(ErrorCode::kPermission,
                 program + (WIFEXITED(status)
                                ? " ended with exit code " + std::to_string(WEXITSTATUS(status))
                                : " was killed"));
  }
  return Secret(text);
}

Result<std::vector<std::string>> SplitCommand(std::string_view line) {
  std::vector<std::string> words;
  std::optional<std::string> word;
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote == 0 && (c == ' ' || c == '\t' || c == '\n')) {
      if (word) words.push_back(*std::exchange(word, std::nullopt));
      continue;
    }
    if (!word) word = "";
    if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else if (quote != 0 && c == quote) {
      quote = 0;
    } else if (c == '\\' && quote != '\'' && i + 1 < line.size() &&
               (quote == 0 || line[i + 1] == '"' || line[i + 1] == '\\')) {
      *word += line[++i];
    } else {
      *word += c;
    }
  }
  if (quote != 0) return Error(ErrorCode::kInvalidArgument, "a command with an open quote");
  if (word) words.push_back(*word);
  if (words.empty()) return Error(ErrorCode::kInvalidArgument, "an empty command");
  return words;
}

}  // namespace stateferry::storage::s3
