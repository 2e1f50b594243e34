#include "base/file_io.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE (1 << 0)
#endif

namespace stateferry {

namespace {
/// Calls `f` again while a signal interrupts it.
template <typename F>
auto Uninterrupted(F f) {
  decltype(f()) result;
  do result = f();
  while (result < 0 && errno == EINTR);
  return result;
}

FileStat ToFileStat(const struct stat& st) {
  return {.size_bytes = static_cast<std::uint64_t>(st.st_size),
          .mtime_ns = st.st_mtim.tv_sec * 1'000'000'000LL + st.st_mtim.tv_nsec,
          .inode = st.st_ino,
          .is_regular = S_ISREG(st.st_mode),
          .is_directory = S_ISDIR(st.st_mode)};
}

int FlagsOf(OpenMode mode) {
  switch (mode) {
    case OpenMode::kRead: return O_CLOEXEC | O_RDONLY;
    case OpenMode::kReadWrite: return O_CLOEXEC | O_RDWR;
    case OpenMode::kCreateNew: return O_CLOEXEC | O_RDWR | O_CREAT | O_EXCL;
    case OpenMode::kCreateOrOpen: return O_CLOEXEC | O_RDWR | O_CREAT;
  }
  return O_CLOEXEC;
}

const char* NameOf(const NameInDir& name) {
  return name.path.c_str() + (name.path.rfind('/') + 1);  // npos + 1 is 0
}

int RenameNoReplaceAt(int from_dir, const char* from, int to_dir, const char* to) {
  if (::syscall(SYS_renameat2, from_dir, from, to_dir, to, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return -1;
  // NFS and FUSE do not know the flag; a link refuses a name that is taken as well.
  if (::linkat(from_dir, from, to_dir, to, 0) != 0) return -1;
  return ::unlinkat(from_dir, from, 0);
}
}  // namespace

std::string ParentDir(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  if (slash == 0) return "/";
  return std::string(path.substr(0, slash));
}

struct File::State {
  int fd = -1;
  std::string path;
  IoHooks* hooks = nullptr;
  std::atomic<bool> poisoned{false};
  int direct_fd = -1;  // the same file, past the page cache
  std::atomic<bool> passes_cache{false};

  State(int fd_in, std::string path_in, IoHooks* hooks_in)
      : fd(fd_in), path(std::move(path_in)), hooks(hooks_in) {}
  ~State() {
    if (fd >= 0) ::close(fd);
    if (direct_fd >= 0) ::close(direct_fd);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Result<void> Check(IoOp op) {
    if (Changes(op) && poisoned)
      return Error(ErrorCode::kIo, path + ": an earlier fsync of this file failed");
    if (hooks) return hooks->Before(op, path);
    return {};
  }

  /// How many of the bytes may pass the page cache; 0: none.
  std::size_t PastCache(std::uint64_t offset, const std::byte* data, std::size_t size) const {
    const bool aligned =
        offset % kPageBytes == 0 && reinterpret_cast<std::uintptr_t>(data) % kPageBytes == 0;
    const std::size_t whole_pages = size - size % kPageBytes;
    return passes_cache && aligned && whole_pages >= kPassCacheFrom ? whole_pages : 0;
  }

  /// One system call past the page cache.
  template <typename F>
  ssize_t PassCache(IoOp op, std::size_t size, F call) const {
    if (hooks) {
      const auto allowed = hooks->PassCache(op, size);
      if (!allowed) {
        errno = EINVAL;
        return -1;
      }
      size = std::min(size, *allowed);
    }
    return Uninterrupted([&] { return call(size); });
  }
};

File::File() = default;
File::File(File&&) noexcept = default;
File& File::operator=(File&&) noexcept = default;
File::~File() = default;
void File::Close() { state_.reset(); }
int File::fd() const { return state_->fd; }
const std::string& File::path() const { return state_->path; }

void File::PassPageCache() {
  if (state_->direct_fd >= 0) return;
  const int flags = ::fcntl(state_->fd, F_GETFL);
  if (flags < 0) return;
  // A second description of the very same file, whatever its name leads to by now: for the first
  // one the page cache remains in use.
  const std::string same = "/proc/self/fd/" + std::to_string(state_->fd);
  state_->direct_fd = Uninterrupted(
      [&] { return ::open(same.c_str(), (flags & O_ACCMODE) | O_DIRECT | O_CLOEXEC); });
  state_->passes_cache = state_->direct_fd >= 0;
}

// What cannot be read so is left to an ordinary read, which tells why.
std::size_t File::ReadPastCache(std::uint64_t offset, MutableByteSpan out) const {
  std::size_t done = 0;
  while (const std::size_t size =
             state_->PastCache(offset + done, out.data() + done, out.size() - done)) {
    const ssize_t n = state_->PassCache(IoOp::kRead, size, [&](std::size_t now) {
      return ::pread(state_->direct_fd, out.data() + done, now, static_cast<off_t>(offset + done));
    });
    if (n < 0 && (errno == EINVAL || errno == EOPNOTSUPP)) state_->passes_cache = false;
    if (n <= 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

/// Fewer bytes than there are when the rest has to be written in the ordinary way.
Result<std::size_t> File::WritePastCache(std::uint64_t offset, ByteSpan bytes) {
  std::size_t done = 0;
  while (const std::size_t size =
             state_->PastCache(offset + done, bytes.data() + done, bytes.size() - done)) {
    const ssize_t n = state_->PassCache(IoOp::kWrite, size, [&](std::size_t now) {
      return ::pwrite(state_->direct_fd, bytes.data() + done, now,
                      static_cast<off_t>(offset + done));
    });
    if (n < 0 && errno != EINVAL && errno != EOPNOTSUPP)
      return ErrnoError(errno, "writing " + state_->path);
    if (n < 0) state_->passes_cache = false;  // some file systems say so no earlier
    if (n <= 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

Result<std::size_t> File::ReadAt(std::uint64_t offset, MutableByteSpan out) const {
  SF_TRY(state_->Check(IoOp::kRead));
  std::size_t done = ReadPastCache(offset, out);
  while (done < out.size()) {
    const ssize_t n = Uninterrupted([&] {
      return ::pread(state_->fd, out.data() + done, out.size() - done,
                     static_cast<off_t>(offset + done));
    });
    if (n < 0) return ErrnoError(errno, "reading " + state_->path);
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

Result<void> File::WriteAt(std::uint64_t offset, ByteSpan bytes) {
  SF_TRY(state_->Check(IoOp::kWrite));
  SF_TRY(std::size_t done, WritePastCache(offset, bytes));
  while (done < bytes.size()) {
    const ssize_t n = Uninterrupted([&] {
      return ::pwrite(state_->fd, bytes.data() + done, bytes.size() - done,
                      static_cast<off_t>(offset + done));
    });
    if (n < 0) return ErrnoError(errno, "writing " + state_->path);
    done += static_cast<std::size_t>(n);
  }
  return {};
}

Result<FileStat> File::Stat() const {
  struct stat st {};
  if (::fstat(state_->fd, &st) != 0) return ErrnoError(errno, "stat of " + state_->path);
  return ToFileStat(st);
}

Result<void> File::Truncate(std::uint64_t size_bytes) {
  SF_TRY(state_->Check(IoOp::kTruncate));
  if (Uninterrupted([&] { return ::ftruncate(state_->fd, static_cast<off_t>(size_bytes)); }) != 0)
    return ErrnoError(errno, "setting the size of " + state_->path);
  return {};
}

Result<void> File::Sync() {
  auto checked = state_->Check(IoOp::kSync);
  if (!checked) {
    state_->poisoned = true;  // a hook plays a failed fsync: same consequence
    return checked;
  }
  if (Uninterrupted([&] { return ::fsync(state_->fd); }) != 0) {
    const int errnum = errno;
    state_->poisoned = true;
    return ErrnoError(errnum, "fsync of " + state_->path);
  }
  return {};
}

Result<void> File::CopyFrom(const File& from, std::uint64_t size_bytes) {
  SF_TRY(state_->Check(IoOp::kWrite));
  off_t read_at = 0, write_at = 0;
  while (static_cast<std::uint64_t>(write_at) < size_bytes) {
    const ssize_t n = Uninterrupted([&] {
      return ::copy_file_range(from.fd(), &read_at, state_->fd, &write_at,
                               size_bytes - static_cast<std::uint64_t>(write_at), 0);
    });
    if (n < 0 && (errno == ENOSYS || errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP))
      break;  // this file system cannot: the loop below does it
    if (n < 0) return ErrnoError(errno, "copying " + from.path() + " to " + state_->path);
    if (n == 0) break;
  }
  Bytes buffer(std::min<std::uint64_t>(1u << 20, size_bytes));
  for (auto at = static_cast<std::uint64_t>(write_at); at < size_bytes;) {
    const std::size_t want = std::min<std::uint64_t>(buffer.size(), size_bytes - at);
    SF_TRY(const std::size_t got, from.ReadAt(at, MutableByteSpan(buffer).first(want)));
    if (got != want) return Error(ErrorCode::kConflict, from.path() + " shrank while being copied");
    SF_TRY(WriteAt(at, ByteSpan(buffer).first(got)));
    at += got;
  }
  return {};
}

void File::StartSync(std::uint64_t offset, std::uint64_t size_bytes) {
  if (!state_->Check(IoOp::kStartSync)) return;
  (void)::sync_file_range(state_->fd, static_cast<off_t>(offset), static_cast<off_t>(size_bytes),
                          SYNC_FILE_RANGE_WRITE);
}

Result<void> FileIo::Check(IoOp op, std::string_view path) const {
  if (hooks_) return hooks_->Before(op, path);
  return {};
}

Result<File> FileIo::Open(const std::string& path, OpenMode mode) const {
  SF_TRY(Check(mode == OpenMode::kCreateNew ? IoOp::kWrite : IoOp::kOpen, path));
  const int fd = Uninterrupted([&] { return ::open(path.c_str(), FlagsOf(mode), 0666); });
  if (fd < 0) return ErrnoError(errno, "opening " + path);
  return Adopt(fd, path);
}

Result<File> FileIo::Adopt(int fd, std::string path) const {
  File file;
  file.state_ = std::make_unique<File::State>(fd, std::move(path), hooks_);
  return file;
}

Result<FileStat> FileIo::Stat(const std::string& path) const {
  struct stat st {};
  if (::stat(path.c_str(), &st) != 0) return ErrnoError(errno, path);
  return ToFileStat(st);
}

Result<FileStat> FileIo::StatLink(const std::string& path) const {
  struct stat st {};
  if (::lstat(path.c_str(), &st) != 0) return ErrnoError(errno, path);
  return ToFileStat(st);
}

Result<bool> FileIo::Exists(const std::string& path) const {
  struct stat st {};
  if (::lstat(path.c_str(), &st) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return ErrnoError(errno, path);
}

Result<void> FileIo::Rename(const std::string& from, const std::string& to) const {
  SF_TRY(Check(IoOp::kRename, to));
  if (::rename(from.c_str(), to.c_str()) != 0)
    return ErrnoError(errno, "renaming " + from + " to " + to);
  return {};
}

Result<void> FileIo::RenameNoReplace(const std::string& from, const std::string& to) const {
  SF_TRY(Check(IoOp::kRename, to));
  if (RenameNoReplaceAt(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str()) != 0)
    return ErrnoError(errno, "renaming " + from + " to " + to);
  return {};
}

Result<void> FileIo::Unlink(const std::string& path) const {
  SF_TRY(Check(IoOp::kUnlink, path));
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return ErrnoError(errno, "removing " + path);
  return {};
}

Result<void> FileIo::RemoveEmptyDir(const std::string& path) const {
  SF_TRY(Check(IoOp::kUnlink, path));
  if (::rmdir(path.c_str()) != 0 && errno != ENOENT) return ErrnoError(errno, "removing " + path);
  return {};
}

Result<void> FileIo::SyncDir(const std::string& path) const {
  SF_TRY(Check(IoOp::kSyncDir, path));
  const int fd =
      Uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (fd < 0) return ErrnoError(errno, "opening directory " + path);
  const int synced = Uninterrupted([&] { return ::fsync(fd); });
  const int errnum = errno;
  ::close(fd);
  if (synced != 0) return ErrnoError(errnum, "fsync of directory " + path);
  return {};
}

Result<void> FileIo::SyncFs(const std::string& path) const {
  SF_TRY(Check(IoOp::kSyncFs, path));
  const int fd = Uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); });
  if (fd < 0) return ErrnoError(errno, "opening " + path);
  const int synced = ::syncfs(fd);
  const int errnum = errno;
  ::close(fd);
  if (synced != 0) return ErrnoError(errnum, "syncfs of " + path);
  return {};
}

Result<void> FileIo::MakeDirsDurably(const std::string& path, unsigned mode) const {
  SF_TRY(bool exists, Exists(path));
  if (exists) {
    SF_TRY(auto stat, Stat(path));
    if (!stat.is_directory) return Error(ErrorCode::kConflict, path + " is not a directory");
    return {};
  }
  const std::string parent = ParentDir(path);
  SF_TRY(MakeDirsDurably(parent, mode));
  SF_TRY(Check(IoOp::kMakeDir, path));
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST)
    return ErrnoError(errno, "making directory " + path);
  SF_TRY(SyncDir(path));
  return SyncDir(parent);
}

Result<std::vector<std::string>> FileIo::ListDir(const std::string& path) const {
  SF_TRY(Check(IoOp::kRead, path));
  DIR* dir = ::opendir(path.c_str());
  if (!dir) return ErrnoError(errno, "listing " + path);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(dir)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  const int errnum = errno;
  ::closedir(dir);
  if (errnum != 0) return ErrnoError(errnum, "listing " + path);
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::string> FileIo::ReadSmall(const std::string& path, std::uint64_t limit_bytes) const {
  SF_TRY(auto file, Open(path, OpenMode::kRead));
  SF_TRY(auto stat, file.Stat());
  if (stat.is_directory) return Error(ErrorCode::kInvalidArgument, path + " is a directory");
  if (stat.size_bytes > limit_bytes)
    return Error(ErrorCode::kRefused, path + " is " + std::to_string(stat.size_bytes) +
                                          " bytes long; the limit is " +
                                          std::to_string(limit_bytes));
  std::string text(stat.size_bytes, '\0');
  SF_TRY(auto read, file.ReadAt(0, {reinterpret_cast<std::byte*>(text.data()), text.size()}));
  text.resize(read);
  return text;
}

Result<void> FileIo::WriteDurably(const std::string& path, ByteSpan bytes) const {
  // Random: in containers process ids come again, beside what a killed process has left.
  std::uint64_t random = 0;
  SF_ASSERT(::getrandom(&random, sizeof(random), 0) == sizeof(random));
  const std::string temp = path + ".tmp." + std::to_string(random);
  auto write = [&]() -> Result<void> {
    SF_TRY(auto file, Open(temp, OpenMode::kCreateNew));
    SF_TRY(file.WriteAt(0, bytes));
    SF_TRY(file.Sync());
    file.Close();
    SF_TRY(Rename(temp, path));
    return SyncDir(ParentDir(path));
  };
  auto written = write();
  if (!written) (void)Unlink(temp);
  return written;
}

Result<File> FileIo::Open(const NameInDir& name, OpenMode mode) const {
  SF_TRY(Check(mode == OpenMode::kCreateNew ? IoOp::kWrite : IoOp::kOpen, name.path));
  const int flags = FlagsOf(mode) | O_NOFOLLOW | O_NONBLOCK;
  const int fd = Uninterrupted([&] { return ::openat(name.dir_fd, NameOf(name), flags, 0666); });
  if (fd < 0) return ErrnoError(errno, "opening " + name.path);
  return Adopt(fd, name.path);
}

Result<void> FileIo::Rename(const NameInDir& from, const NameInDir& to) const {
  SF_TRY(Check(IoOp::kRename, to.path));
  if (::renameat(from.dir_fd, NameOf(from), to.dir_fd, NameOf(to)) != 0)
    return ErrnoError(errno, "renaming " + from.path + " to " + to.path);
  return {};
}

Result<void> FileIo::RenameNoReplace(const NameInDir& from, const NameInDir& to) const {
  SF_TRY(Check(IoOp::kRename, to.path));
  if (RenameNoReplaceAt(from.dir_fd, NameOf(from), to.dir_fd, NameOf(to)) != 0)
    return ErrnoError(errno, "renaming " + from.path + " to " + to.path);
  return {};
}

Result<void> FileIo::Unlink(const NameInDir& name) const {
  SF_TRY(Check(IoOp::kUnlink, name.path));
  if (::unlinkat(name.dir_fd, NameOf(name), 0) != 0 && errno != ENOENT)
    return ErrnoError(errno, "removing " + name.path);
  return {};
}

Result<void> FileIo::MakeDir(const NameInDir& name) const {
  SF_TRY(Check(IoOp::kMakeDir, name.path));
  if (::mkdirat(name.dir_fd, NameOf(name), 0777) != 0 && errno != EEXIST)
    return ErrnoError(errno, "making directory " + name.path);
  return {};
}

Result<void> FileIo::SyncDir(int dir_fd, const std::string& path) const {
  SF_TRY(Check(IoOp::kSyncDir, path));
  if (Uninterrupted([&] { return ::fsync(dir_fd); }) != 0)
    return ErrnoError(errno, "fsync of directory " + path);
  return {};
}

}  // namespace stateferry
