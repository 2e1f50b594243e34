#include "cli/signals.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <future>

namespace stateferry::cli {

namespace {
// A signal handler can reach nothing but process-wide data; the pipe is all it needs.
int g_pipe[2] = {-1, -1};

void OnSignal(int signal) {
  const int saved_errno = errno;
  const auto byte = static_cast<unsigned char>(signal);
  (void)!write(g_pipe[1], &byte, 1);
  errno = saved_errno;
}
}  // namespace

Result<std::unique_ptr<Signals>> Signals::Install(Callbacks callbacks) {
  if (pipe2(g_pipe, O_CLOEXEC) != 0) return ErrnoError(errno, "making a pipe for signals");
  // A full pipe must not block the handler; two bytes are all that matter.
  fcntl(g_pipe[1], F_SETFL, O_NONBLOCK);
  auto signals = std::unique_ptr<Signals>(new Signals(std::move(callbacks)));
  signals->thread_ = std::jthread([self = signals.get()] { self->Loop(); });

  struct sigaction action = {};
  action.sa_handler = OnSignal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

Signals::~Signals() {
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  close(g_pipe[1]);  // ends Loop
  thread_.join();
  close(g_pipe[0]);
}

void Signals::Loop() {
  unsigned char byte = 0;
  while (true) {
    const ssize_t count = read(g_pipe[0], &byte, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    const int signal = byte;
    int none = 0;
    const bool first = first_signal_.compare_exchange_strong(none, signal);
    if (!first || !stops_cleanly_) Leave(signal);
    stop_.request_stop();
    if (callbacks_.on_stop)
      announcer_ = std::jthread([this, signal] { callbacks_.on_stop(signal); });
  }
}

void Signals::Leave(int signal) {
  if (callbacks_.on_leave) {
    std::promise<void> said;
    const auto done = said.get_future();
    std::thread([&] {
      callbacks_.on_leave(signal);
      said.set_value();
    }).detach();
    done.wait_for(std::chrono::milliseconds(200));
  }
  _exit(128 + signal);
}

}  // namespace stateferry::cli
