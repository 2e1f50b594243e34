#include "storage/bucket_dir.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "storage/backend.h"

namespace stateferry::storage {

namespace {
constexpr std::size_t kMaxComponentBytes = 255;
constexpr std::size_t kMaxKnownDirs = 10'000;

/// openat2 where the kernel has it (5.6 and later); before that, a walk that follows no symlink.
int OpenAtBeneath(int root_fd, const std::string& key, int flags) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  const long fd = ::syscall(SYS_openat2, root_fd, key.c_str(), &how, sizeof(how));
  if (fd >= 0 || errno != ENOSYS) return static_cast<int>(fd);
  int at = ::dup(root_fd);
  for (std::size_t start = 0; at >= 0;) {
    const auto slash = key.find('/', start);
    const bool last = slash == std::string::npos;
    const std::string name = key.substr(start, last ? slash : slash - start);
    const int next =
        ::openat(at, name.c_str(), (last ? flags : O_PATH | O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC);
    const int errnum = errno;
    ::close(at);
    errno = errnum;
    if (last) return next;
    at = next;
    start = slash + 1;
  }
  return at;
}
}  // namespace

Result<void> BucketDir::CheckBucketKey(std::string_view key) const {
  SF_TRY(CheckKey(key));
  for (std::size_t start = 0; start < key.size();) {
    const auto end = std::min(key.find('/', start), key.size());
    if (end - start > kMaxComponentBytes)
      return Error(ErrorCode::kInvalidArgument,
                   "object key \"" + std::string(key) +
                       "\" has a path component longer than 255 bytes, which no file can have");
    start = end + 1;
  }
  if (key == kBucketPrivateDir ||
      (key.starts_with(kBucketPrivateDir) && key[kBucketPrivateDir.size()] == '/'))
    return Error(ErrorCode::kInvalidArgument, "object key \"" + std::string(key) + "\" lies in " +
                                                  std::string(kBucketPrivateDir) +
                                                  ", which is kept for unfinished uploads");
  return {};
}

Result<int> BucketDir::OpenBeneath(std::string_view key, int flags) const {
  const int root_fd = ::open(root_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root_fd < 0) return ErrnoError(errno, "opening bucket " + root_);
  const int fd = OpenAtBeneath(root_fd, std::string(key), flags);
  const int errnum = errno;
  ::close(root_fd);
  if (fd >= 0) return fd;
  if (errnum == EXDEV || errnum == ELOOP)
    return Error(ErrorCode::kPermission,
                 PathOf(key) + " leads out of its bucket through a symbolic link");
  return ErrnoError(errnum, PathOf(key));
}

Result<File> BucketDir::OpenForRead(std::string_view key) const {
  // O_NONBLOCK: opening a named pipe must not wait for its writer.
  SF_TRY(const int fd, OpenBeneath(key, O_RDONLY | O_NONBLOCK));
  struct stat st {};
  const int stated = ::fstat(fd, &st);
  if (stated != 0 || !S_ISREG(st.st_mode)) {
    ::close(fd);
    if (stated == 0 && !S_ISDIR(st.st_mode))
      return Error(ErrorCode::kRefused, PathOf(key) + " is neither a file nor a directory");
    return Error(ErrorCode::kNotFound, PathOf(key) + " is not an object");
  }
  return io_.Adopt(fd, PathOf(key));
}

Result<FileStat> BucketDir::Stat(std::string_view key) const {
  SF_TRY(const int fd, OpenBeneath(key, O_PATH));
  struct stat st {};
  const int stated = ::fstat(fd, &st);
  const int errnum = errno;
  ::close(fd);
  if (stated != 0) return ErrnoError(errnum, PathOf(key));
  if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
    return Error(ErrorCode::kRefused, PathOf(key) + " is neither a file nor a directory");
  return FileStat{.size_bytes = static_cast<std::uint64_t>(st.st_size),
                  .mtime_ns = st.st_mtim.tv_sec * 1'000'000'000LL + st.st_mtim.tv_nsec,
                  .inode = st.st_ino,
                  .is_regular = S_ISREG(st.st_mode),
                  .is_directory = S_ISDIR(st.st_mode)};
}

Result<void> BucketDir::EnsureParent(std::string_view key) {
  const auto slash = key.rfind('/');
  const std::string dir(slash == std::string_view::npos ? std::string_view()
                                                        : key.substr(0, slash));
  std::lock_guard lock(mutex_);
  if (known_dirs_.contains(dir)) return {};
  const std::string path = dir.empty() ? root_ : PathOf(dir);
  if (dir.empty()) {
    SF_TRY(io_.MakeDirsDurably(root_));
  } else {
    // Every existing ancestor is looked at from inside the bucket; from the first missing one on
    // nothing can be a symlink.
    for (std::size_t end = 0; end != std::string::npos;) {
      end = dir.find('/', end + 1);
      auto stat = Stat(std::string_view(dir).substr(0, end));
      if (!stat && stat.error().code() == ErrorCode::kNotFound) break;
      if (!stat) return stat.error();
      if (!stat->is_directory)
        return Error(ErrorCode::kConflict,
                     PathOf(std::string_view(dir).substr(0, end)) +
                         " is a file, so no object can lie below it; remove it or choose another "
                         "destination");
    }
    SF_TRY(io_.MakeDirsDurably(path));
  }
  if (known_dirs_.size() >= kMaxKnownDirs) known_dirs_.clear();
  known_dirs_.insert(dir);
  return {};
}

Result<void> BucketDir::EnsureUploadsDir() { return io_.MakeDirsDurably(UploadsDir()); }

}  // namespace stateferry::storage
