// LD_PRELOAD library that stands between a program and its changing file system calls, RocksDB's
// included.  It counts the calls below some directories, kills the process or fails a call at the
// k-th one, and can write down every call with its data for the power-loss model (power_loss.py).
//
//   SF_SHIM_DIRS    directories (colon-separated, real paths) whose changes count
//   SF_SHIM_STATE   file of two 8-byte counts over all processes: calls, bytes read (see next)
//   SF_SHIM_READ_DIRS  directories whose bytes read are counted
//   SF_SHIM_KILL_AT k: kill -9 instead of doing the k-th call; SF_SHIM_TORN=1: a write is half done
//   SF_SHIM_FAIL_AT k: the k-th call fails with SF_SHIM_ERRNO; SF_SHIM_STICKY=1: all after it too
//   SF_SHIM_ONLY    kinds that count, comma-separated: create,write,sync,rename,unlink,mkdir,
//                   truncate,link,hint.  Default all.
//   SF_SHIM_LOG     record file.  A record is: u32 length of the text, u32 length of the data (both
//                   little-endian), text "op\tresult\tpath\tsecond path\toffset", data
//
// One lock is held over each such call, so that the log is the order in which things happened and
// no other thread is inside a call when the process dies.
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace {

enum Kind : unsigned {
  kCreate = 1,
  kWrite = 2,
  kSync = 4,
  kRename = 8,
  kUnlink = 16,
  kMakeDir = 32,
  kTruncate = 64,
  kLink = 128,
  kHint = 256,  // changes nothing that anyone may rely on
};
constexpr struct {
  const char* name;
  Kind kind;
} kKinds[] = {{"create", kCreate},     {"write", kWrite},   {"sync", kSync},
              {"rename", kRename},     {"unlink", kUnlink}, {"mkdir", kMakeDir},
              {"truncate", kTruncate}, {"link", kLink},     {"hint", kHint}};

template <class Function>
Function* Next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}
// The function that our own definition of the same name hides.
#define SF_REAL(name) static auto* const real = Next<decltype(name)>(#name)

std::vector<std::string> Split(const char* text, char separator) {
  std::vector<std::string> parts;
  for (std::string_view rest = text ? text : ""; !rest.empty();) {
    const std::size_t end = std::min(rest.find(separator), rest.size());
    if (end > 0) parts.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return parts;
}

std::uint64_t Number(const char* name) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : 0;
}

struct Shim {
  struct Counts {
    std::atomic<std::uint64_t> calls, bytes_read;
  };
  std::vector<std::string> dirs = Split(std::getenv("SF_SHIM_DIRS"), ':');
  std::vector<std::string> read_dirs = Split(std::getenv("SF_SHIM_READ_DIRS"), ':');
  std::uint64_t kill_at = Number("SF_SHIM_KILL_AT");
  std::uint64_t fail_at = Number("SF_SHIM_FAIL_AT");
  int error = static_cast<int>(Number("SF_SHIM_ERRNO"));
  bool sticky = Number("SF_SHIM_STICKY") != 0;
  bool torn = Number("SF_SHIM_TORN") != 0;
  unsigned kinds = 0;
  int log_fd = -1;
  Counts own_counts{};
  Counts* counts = &own_counts;  // shared memory when there is a state file
  std::mutex lock;

  Shim() {
    for (const std::string& name : Split(std::getenv("SF_SHIM_ONLY"), ','))
      for (const auto& known : kKinds)
        if (name == known.name) kinds |= known.kind;
    if (kinds == 0) kinds = ~0u;
    if (const char* path = std::getenv("SF_SHIM_LOG"))
      log_fd = static_cast<int>(
          syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
    if (const char* path = std::getenv("SF_SHIM_STATE")) {
      const int fd =
          static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0666));
      if (fd >= 0 && syscall(SYS_ftruncate, fd, sizeof(Counts)) == 0) {
        void* page = mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (page != MAP_FAILED) counts = static_cast<Counts*>(page);
      }
    }
  }

  static bool IsBelow(const std::string& path, const std::vector<std::string>& some_dirs) {
    for (const std::string& dir : some_dirs)
      if (path.compare(0, dir.size(), dir) == 0 &&
          (path.size() == dir.size() || path[dir.size()] == '/'))
        return true;
    return false;
  }
  bool Tracks(const std::string& path) const { return IsBelow(path, dirs); }

  void Log(const std::string& text, const void* data, std::size_t size) const {
    if (log_fd < 0) return;
    const std::uint32_t lengths[2] = {static_cast<std::uint32_t>(text.size()),
                                      static_cast<std::uint32_t>(size)};
    std::string record(reinterpret_cast<const char*>(lengths), sizeof lengths);
    record += text;
    record.append(static_cast<const char*>(data), size);
    if (syscall(SYS_write, log_fd, record.data(), record.size()) !=
        static_cast<long>(record.size())) {
      static constexpr char kMessage[] = "shim: the log cannot be written\n";
      (void)!syscall(SYS_write, 2, kMessage, sizeof kMessage - 1);
      _exit(99);
    }
  }
};

// Never destroyed: threads may still write while the process ends.
Shim& shim() {
  static Shim* const instance = new Shim;
  return *instance;
}

std::string LinkTarget(const std::string& link) {
  char buffer[4096];
  const ssize_t size = readlink(link.c_str(), buffer, sizeof buffer);
  return size > 0 ? std::string(buffer, static_cast<std::size_t>(size)) : std::string();
}

std::string PathOf(int fd) { return LinkTarget("/proc/self/fd/" + std::to_string(fd)); }

std::string Absolute(int dir_fd, const char* path) {
  std::string text = path;
  if (text.empty() || text[0] != '/')
    text = (dir_fd == AT_FDCWD ? LinkTarget("/proc/self/cwd") : PathOf(dir_fd)) + "/" + text;
  std::string out;
  for (const std::string& part : Split(text.c_str(), '/')) {
    if (part == ".") continue;
    if (part == "..")
      out.resize(std::min(out.size(), out.rfind('/')));
    else
      out += "/" + part;
  }
  return out;
}

struct Call {
  Kind kind;
  const char* op;
  std::string path;
  std::string second_path = {};
  std::int64_t offset = 0;
  const void* data = nullptr;
  std::size_t size = 0;
};

/// Does the call, or fails it, or dies.  `half` does half of a write.
template <class Result>
Result Stand(Call call, const std::function<Result()>& real,
             const std::function<void()>& half = nullptr) {
  const int errno_before = errno;
  Shim& s = shim();
  const bool tracked = s.Tracks(call.path) || s.Tracks(call.second_path);
  errno = errno_before;
  if (!tracked) return real();
  const std::lock_guard guard(s.lock);
  if (s.kinds & call.kind) {
    const std::uint64_t n = ++s.counts->calls;
    if (s.kill_at != 0 && n == s.kill_at) {
      if (s.torn && half) half();
      kill(getpid(), SIGKILL);
      for (;;) pause();
    }
    if (s.fail_at != 0 && (n == s.fail_at || (s.sticky && n > s.fail_at))) {
      s.Log(std::string(call.op) + "\t-1\t" + call.path + "\t" + call.second_path + "\t0", "", 0);
      errno = s.error;
      return static_cast<Result>(-1);
    }
  }
  errno = errno_before;
  const Result result = real();
  const int errno_after = errno;
  if (result >= 0) {
    const bool is_write = call.kind == kWrite && call.data != nullptr;
    s.Log(std::string(call.op) + "\t" + std::to_string(result) + "\t" + call.path + "\t" +
              call.second_path + "\t" + std::to_string(call.offset),
          call.data, is_write ? static_cast<std::size_t>(result) : 0);
  }
  errno = errno_after;
  return result;
}

std::int64_t Position(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  return lseek(fd, 0, (flags & O_APPEND) ? SEEK_END : SEEK_CUR);
}

int Create(int dir_fd, const char* path, int flags, const std::function<int()>& real) {
  if (!(flags & (O_CREAT | O_TRUNC))) return real();
  // Opening what exists changes nothing, unless it truncates.
  struct stat st {};
  const bool exists = fstatat(dir_fd, path, &st, 0) == 0;
  if (exists && !(flags & O_TRUNC)) return real();
  if (exists && st.st_size == 0) return real();
  return Stand<int>(
      {exists ? kTruncate : kCreate, exists ? "truncate" : "create", Absolute(dir_fd, path)}, real);
}

ssize_t WriteAll(int fd, const void* data, std::size_t size, std::int64_t offset,
                 const std::function<ssize_t()>& real) {
  const auto half = [&] {
    std::size_t some = size / 2;
    if (fcntl(fd, F_GETFL) & O_DIRECT) some -= some % 4096;  // else nothing would be written
    (void)!syscall(SYS_pwrite64, fd, data, some, offset);
  };
  return Stand<ssize_t>({kWrite, "write", PathOf(fd), {}, offset, data, size}, real, half);
}

ssize_t CountRead(int fd, ssize_t result) {
  Shim& s = shim();
  if (result <= 0 || s.read_dirs.empty()) return result;
  const int errno_before = errno;
  if (Shim::IsBelow(PathOf(fd), s.read_dirs))
    s.counts->bytes_read += static_cast<std::uint64_t>(result);
  errno = errno_before;
  return result;
}

std::string Gather(const iovec* parts, int count) {
  std::string all;
  for (int i = 0; i < count; ++i)
    all.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  return all;
}

mode_t ModeArgument(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

// glibc declares some of these with attributes of its own; what matters is the name.
#pragma GCC visibility push(default)
extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeArgument(flags, arguments);
  va_end(arguments);
  SF_REAL(open);
  return Create(AT_FDCWD, path, flags, [&] { return real(path, flags, mode); });
}

int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeArgument(flags, arguments);
  va_end(arguments);
  SF_REAL(open64);
  return Create(AT_FDCWD, path, flags, [&] { return real(path, flags, mode); });
}

int openat(int dir_fd, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeArgument(flags, arguments);
  va_end(arguments);
  SF_REAL(openat);
  return Create(dir_fd, path, flags, [&] { return real(dir_fd, path, flags, mode); });
}

int openat64(int dir_fd, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeArgument(flags, arguments);
  va_end(arguments);
  SF_REAL(openat64);
  return Create(dir_fd, path, flags, [&] { return real(dir_fd, path, flags, mode); });
}

// stdio: only the creation is seen, not the writes (RocksDB's LOG, which nothing depends on).
FILE* fopen(const char* path, const char* mode) {
  SF_REAL(fopen);
  FILE* file = nullptr;
  if (mode[0] == 'r') return real(path, mode);
  const int flags = mode[0] == 'w' ? O_CREAT | O_TRUNC : O_CREAT;
  Create(AT_FDCWD, path, flags, [&] { return (file = real(path, mode)) ? 0 : -1; });
  return file;
}

FILE* fopen64(const char* path, const char* mode) {
  SF_REAL(fopen64);
  FILE* file = nullptr;
  if (mode[0] == 'r') return real(path, mode);
  const int flags = mode[0] == 'w' ? O_CREAT | O_TRUNC : O_CREAT;
  Create(AT_FDCWD, path, flags, [&] { return (file = real(path, mode)) ? 0 : -1; });
  return file;
}

ssize_t write(int fd, const void* data, size_t size) {
  SF_REAL(write);
  return WriteAll(fd, data, size, Position(fd), [&] { return real(fd, data, size); });
}

ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  SF_REAL(pwrite);
  return WriteAll(fd, data, size, offset, [&] { return real(fd, data, size, offset); });
}

ssize_t pwrite64(int fd, const void* data, size_t size, off64_t offset) {
  SF_REAL(pwrite64);
  return WriteAll(fd, data, size, offset, [&] { return real(fd, data, size, offset); });
}

ssize_t writev(int fd, const iovec* parts, int count) {
  SF_REAL(writev);
  const std::string all = Gather(parts, count);
  return WriteAll(fd, all.data(), all.size(), Position(fd), [&] { return real(fd, parts, count); });
}

ssize_t pwritev(int fd, const iovec* parts, int count, off_t offset) {
  SF_REAL(pwritev);
  const std::string all = Gather(parts, count);
  return WriteAll(fd, all.data(), all.size(), offset,
                  [&] { return real(fd, parts, count, offset); });
}

ssize_t copy_file_range(int from, off64_t* from_offset, int to, off64_t* to_offset, size_t size,
                        unsigned flags) {
  SF_REAL(copy_file_range);
  // The model needs the bytes: read what would be copied.
  std::string all(std::min<std::size_t>(size, 16u << 20), '\0');
  const ssize_t got =
      pread(from, all.data(), all.size(), from_offset ? *from_offset : lseek(from, 0, SEEK_CUR));
  const std::size_t known = got > 0 ? static_cast<std::size_t>(got) : 0;
  return WriteAll(to, all.data(), known, to_offset ? *to_offset : Position(to),
                  [&] { return real(from, from_offset, to, to_offset, known, flags); });
}

ssize_t read(int fd, void* out, size_t size) {
  SF_REAL(read);
  return CountRead(fd, real(fd, out, size));
}

ssize_t pread(int fd, void* out, size_t size, off_t offset) {
  SF_REAL(pread);
  return CountRead(fd, real(fd, out, size, offset));
}

ssize_t pread64(int fd, void* out, size_t size, off64_t offset) {
  SF_REAL(pread64);
  return CountRead(fd, real(fd, out, size, offset));
}

ssize_t preadv(int fd, const iovec* parts, int count, off_t offset) {
  SF_REAL(preadv);
  return CountRead(fd, real(fd, parts, count, offset));
}

int fsync(int fd) {
  SF_REAL(fsync);
  return Stand<int>({kSync, "fsync", PathOf(fd)}, [&] { return real(fd); });
}

int fdatasync(int fd) {
  SF_REAL(fdatasync);
  return Stand<int>({kSync, "fdatasync", PathOf(fd)}, [&] { return real(fd); });
}

int syncfs(int fd) noexcept {
  SF_REAL(syncfs);
  return Stand<int>({kSync, "syncfs", PathOf(fd)}, [&] { return real(fd); });
}

int sync_file_range(int fd, off64_t offset, off64_t size, unsigned flags) {
  SF_REAL(sync_file_range);
  return Stand<int>({kHint, "sync_file_range", PathOf(fd)},
                    [&] { return real(fd, offset, size, flags); });
}

int ftruncate(int fd, off_t size) noexcept {
  SF_REAL(ftruncate);
  return Stand<int>({kTruncate, "truncate", PathOf(fd), {}, size}, [&] { return real(fd, size); });
}

int ftruncate64(int fd, off64_t size) noexcept {
  SF_REAL(ftruncate64);
  return Stand<int>({kTruncate, "truncate", PathOf(fd), {}, size}, [&] { return real(fd, size); });
}

int truncate(const char* path, off_t size) noexcept {
  SF_REAL(truncate);
  return Stand<int>({kTruncate, "truncate", Absolute(AT_FDCWD, path), {}, size},
                    [&] { return real(path, size); });
}

int fallocate(int fd, int mode, off_t offset, off_t size) {
  SF_REAL(fallocate);
  // With KEEP_SIZE nothing visible changes; without it the file grows.
  const bool grows = (mode & FALLOC_FL_KEEP_SIZE) == 0;
  return Stand<int>({kWrite, grows ? "grow" : "reserve", PathOf(fd), {}, offset + size},
                    [&] { return real(fd, mode, offset, size); });
}

int rename(const char* from, const char* to) noexcept {
  SF_REAL(rename);
  return Stand<int>({kRename, "rename", Absolute(AT_FDCWD, from), Absolute(AT_FDCWD, to)},
                    [&] { return real(from, to); });
}

int renameat(int from_dir, const char* from, int to_dir, const char* to) noexcept {
  SF_REAL(renameat);
  return Stand<int>({kRename, "rename", Absolute(from_dir, from), Absolute(to_dir, to)},
                    [&] { return real(from_dir, from, to_dir, to); });
}

int renameat2(int from_dir, const char* from, int to_dir, const char* to, unsigned flags) noexcept {
  SF_REAL(renameat2);
  return Stand<int>({kRename, "rename", Absolute(from_dir, from), Absolute(to_dir, to)},
                    [&] { return real(from_dir, from, to_dir, to, flags); });
}

int unlink(const char* path) noexcept {
  SF_REAL(unlink);
  return Stand<int>({kUnlink, "unlink", Absolute(AT_FDCWD, path)}, [&] { return real(path); });
}

int unlinkat(int dir_fd, const char* path, int flags) noexcept {
  SF_REAL(unlinkat);
  return Stand<int>({kUnlink, "unlink", Absolute(dir_fd, path)},
                    [&] { return real(dir_fd, path, flags); });
}

int rmdir(const char* path) noexcept {
  SF_REAL(rmdir);
  return Stand<int>({kUnlink, "unlink", Absolute(AT_FDCWD, path)}, [&] { return real(path); });
}

int remove(const char* path) noexcept {
  SF_REAL(remove);
  return Stand<int>({kUnlink, "unlink", Absolute(AT_FDCWD, path)}, [&] { return real(path); });
}

int mkdir(const char* path, mode_t mode) noexcept {
  SF_REAL(mkdir);
  return Stand<int>({kMakeDir, "mkdir", Absolute(AT_FDCWD, path)},
                    [&] { return real(path, mode); });
}

int mkdirat(int dir_fd, const char* path, mode_t mode) noexcept {
  SF_REAL(mkdirat);
  return Stand<int>({kMakeDir, "mkdir", Absolute(dir_fd, path)},
                    [&] { return real(dir_fd, path, mode); });
}

int link(const char* from, const char* to) noexcept {
  SF_REAL(link);
  return Stand<int>({kLink, "link", Absolute(AT_FDCWD, from), Absolute(AT_FDCWD, to)},
                    [&] { return real(from, to); });
}

int linkat(int from_dir, const char* from, int to_dir, const char* to, int flags) noexcept {
  SF_REAL(linkat);
  return Stand<int>({kLink, "link", Absolute(from_dir, from), Absolute(to_dir, to)},
                    [&] { return real(from_dir, from, to_dir, to, flags); });
}

// Some calls have no wrapper in glibc 2.36, or are made directly.
long syscall(long number, ...) noexcept {
  va_list arguments;
  va_start(arguments, number);
  long a[6];
  for (long& value : a) value = va_arg(arguments, long);
  va_end(arguments);
  SF_REAL(syscall);
  const auto call = [&] { return real(number, a[0], a[1], a[2], a[3], a[4], a[5]); };
  const auto text = [&](int i) { return reinterpret_cast<const char*>(a[i]); };
  const auto fd = [&](int i) { return static_cast<int>(a[i]); };
  if (number == SYS_renameat2)
    return Stand<long>({kRename, "rename", Absolute(fd(0), text(1)), Absolute(fd(2), text(3))},
                       call);
  if (number == SYS_openat2) {
    const auto* how = reinterpret_cast<const open_how*>(a[2]);
    return Create(fd(0), text(1), static_cast<int>(how->flags),
                  [&] { return static_cast<int>(call()); });
  }
  return call();
}

}  // extern "C"
#pragma GCC visibility pop
