#include "storage/beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace stateferry::storage {

namespace {

int OpenByOpenat2(int dir_fd, const std::string& relative, int flags) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  // EAGAIN: something was renamed while the kernel walked over "..", so it could not be sure.
  constexpr int kTries = 100;
  long fd = -1;
  for (int i = 0; i < kTries; ++i) {
    fd = ::syscall(SYS_openat2, dir_fd, relative.c_str(), &how, sizeof(how));
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) break;
  }
  return static_cast<int>(fd);
}

int OpenByWalking(int dir_fd, const std::string& relative, int flags) {
  int at = ::dup(dir_fd);
  for (std::size_t start = 0; at >= 0;) {
    const auto slash = relative.find('/', start);
    const bool last = slash == std::string::npos;
    const std::string name = relative.substr(start, last ? slash : slash - start);
    int next =
        ::openat(at, name.c_str(), (last ? flags : O_PATH | O_DIRECTORY | O_CLOEXEC) | O_NOFOLLOW);
    int errnum = errno;
    struct stat st {};
    // O_PATH opens a symlink instead of refusing it; O_DIRECTORY refuses it as "not a directory".
    const bool may_be_link = (next >= 0 && (flags & O_PATH)) || (next < 0 && errnum == ENOTDIR);
    if (may_be_link && ::fstatat(at, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISLNK(st.st_mode)) {
      if (next >= 0) ::close(next);
      next = -1;
      errnum = ELOOP;
    }
    ::close(at);
    errno = errnum;
    if (last || next < 0) return next;
    at = next;
    start = slash + 1;
  }
  return at;
}

}  // namespace

std::string PathBelow(std::string_view dir, std::string_view relative) {
  if (dir == "/") dir = {};
  std::string path;
  path.reserve(dir.size() + 1 + relative.size());
  return path.append(dir).append("/").append(relative);
}

OpenDir::~OpenDir() {
  if (fd_ >= 0) ::close(fd_);
}

std::string OpenDir::PathOf(std::string_view relative) const { return PathBelow(path_, relative); }

bool OpenDir::IsLinked() const {
  struct stat st {};
  return ::fstat(fd_, &st) == 0 && st.st_nlink > 0;
}

Result<int> OpenBeneath(const OpenDir& dir, std::string_view relative, int flags, BeneathBy by) {
  const std::string text(relative);
  flags |= O_CLOEXEC;
  if (!(flags & O_PATH)) flags |= O_NONBLOCK | O_NOCTTY;  // openat2 refuses them with O_PATH
  int fd = -1;
  if (by == BeneathBy::kOpenat2) fd = OpenByOpenat2(dir.fd(), text, flags);
  // EPERM: sandboxes that do not know the call answer so.
  if (by == BeneathBy::kWalk || (fd < 0 && (errno == ENOSYS || errno == EPERM)))
    fd = OpenByWalking(dir.fd(), text, flags);
  if (fd >= 0) return fd;
  const int errnum = errno;
  if (errnum == EXDEV || errnum == ELOOP)
    return Error(ErrorCode::kPermission,
                 dir.PathOf(relative) + " leads out of " + dir.path() +
                     " through a symbolic link; name the place it leads to instead");
  if (errnum == ENXIO)  // a socket
    return Error(ErrorCode::kRefused, dir.PathOf(relative) + " is neither a file nor a directory");
  return ErrnoError(errnum, dir.PathOf(relative));
}

}  // namespace stateferry::storage
