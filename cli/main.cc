#include <fcntl.h>
#include <unistd.h>

#include "cli/run.h"

namespace {
/// The number of a standard descriptor that the caller closed would go to the next file or pipe
/// that is opened, and what is written for people and scripts would land in there.
void OpenStandardDescriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", O_RDWR) != fd) _exit(1);
}
}  // namespace

int main(int argc, char** argv) {
  OpenStandardDescriptors();
  return stateferry::cli::RunProgram({argv + 1, argv + argc},
                                     stateferry::cli::ProcessEnvironment());
}
