#include "cli/worker.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

namespace stateferry::cli {

namespace {

/// Not a setting: it means something only between a process and the worker that it starts.
constexpr const char* kLockVariable = "SF_INHERITED_LOCK";
constexpr const char* kThisProgram = "/proc/self/exe";

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// In the child, between fork and exec: only calls that are safe there.  Returns when exec failed.
int BecomeWorker(int lock_fd, int log_fd, int null_fd, char* const* words, char* const* variables) {
  setsid();
  signal(SIGPIPE, SIG_DFL);
  if (dup2(null_fd, STDIN_FILENO) < 0 || dup2(log_fd, STDOUT_FILENO) < 0 ||
      dup2(log_fd, STDERR_FILENO) < 0 || fcntl(lock_fd, F_SETFD, 0) != 0)
    return errno;
  execve(kThisProgram, words, variables);
  return errno;
}

/// Descriptors that go with the process that opened them.
struct Descriptor {
  int fd = -1;
  explicit Descriptor(int opened) : fd(opened) {}
  ~Descriptor() { Close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  void Close() {
    if (fd >= 0) close(fd);
    fd = -1;
  }
};

}  // namespace

Result<int> StartWorker(const WorkerSpec& spec, const Environment& environment) {
  std::vector<std::string> words = {"stateferry"};
  words.insert(words.end(), spec.words.begin(), spec.words.end());
  std::vector<std::string> variables;
  for (const auto& [name, value] : environment.variables)
    if (name != kLockVariable) variables.push_back(name + "=" + value);
  variables.push_back(std::string(kLockVariable) + "=" + std::to_string(spec.lock_fd));
  const auto word_pointers = Pointers(words), variable_pointers = Pointers(variables);

  const Descriptor log(
      open(spec.log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (log.fd < 0) return ErrnoError(errno, "opening " + spec.log_path);
  const Descriptor null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  int pipe_fds[2];
  if (null.fd < 0 || pipe2(pipe_fds, O_CLOEXEC) != 0) return ErrnoError(errno, "starting a worker");
  const Descriptor failure(pipe_fds[0]);
  Descriptor tell(pipe_fds[1]);

  const pid_t pid = fork();
  if (pid < 0) return ErrnoError(errno, "starting a worker");
  if (pid == 0) {
    const int failed =
        BecomeWorker(spec.lock_fd, log.fd, null.fd, word_pointers.data(), variable_pointers.data());
    (void)!write(tell.fd, &failed, sizeof(failed));
    _exit(127);
  }
  tell.Close();
  // It closes at exec; before, it may tell why there was none.
  int failed = 0;
  ssize_t count = 0;
  do count = read(failure.fd, &failed, sizeof(failed));
  while (count < 0 && errno == EINTR);
  if (count == sizeof(failed)) return ErrnoError(failed, "starting a worker");
  return static_cast<int>(pid);
}

std::optional<int> InheritedLock(const Environment& environment) {
  const std::string text = environment.Get(kLockVariable);
  int fd = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), fd);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || fd < 0)
    return std::nullopt;
  return fd;
}

}  // namespace stateferry::cli
