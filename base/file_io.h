#pragma once
// The one thin layer through which stateferry touches files it owns: packs, buckets, lock files.
// (RocksDB does its own I/O.)  No mmap for writing.  Tests pass IoHooks to stop or fail at each
// call.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace stateferry {

enum class IoOp {
  kOpen,
  kRead,
  kWrite,
  kSync,
  kStartSync,
  kTruncate,
  kRename,
  kUnlink,
  kMakeDir,
  kSyncDir,
  kSyncFs
};
constexpr bool Changes(IoOp op) { return op != IoOp::kOpen && op != IoOp::kRead; }

/// Called before each operation; an error is returned to the caller instead of doing the operation.
/// Must be thread-safe.
class IoHooks {
 public:
  virtual ~IoHooks() = default;
  virtual Result<void> Before(IoOp op, std::string_view path) = 0;
  /// Called before each system call that passes the page cache, as file systems may do with it: the
  /// bytes that the call moves at most; none: they refuse it.
  virtual std::optional<std::size_t> PassCache(IoOp /*op*/, std::size_t size_bytes) {
    return size_bytes;
  }
};

struct FileStat {
  std::uint64_t size_bytes = 0;
  std::int64_t mtime_ns = 0;  ///< since the epoch
  std::uint64_t inode = 0;
  bool is_regular = false;
  bool is_directory = false;
};

/// Whatever passes the page cache begins at a multiple of this, in the file and in memory.
inline constexpr std::size_t kPageBytes = 4096;
/// Smaller pieces are not worth a wait for the disk.
inline constexpr std::size_t kPassCacheFrom = 1u << 20;

/// An open file.  Reads and writes at explicit offsets are thread-safe; Sync is too.
/// After a failed Sync the file is poisoned: the kernel may have dropped the dirty pages and marked
/// them clean (Rebello et al., "Can Applications Recover from fsync Failures?", ATC 2020), so every
/// later write or Sync fails at once.  Write the content again under a new name.
class File {
 public:
  File();
  File(File&&) noexcept;
  File& operator=(File&&) noexcept;
  ~File();

  bool is_open() const { return state_ != nullptr; }
  /// From now on the aligned part of each large read and write goes past the page cache (O_DIRECT),
  /// where the file system can do that: for what is written once, or read to see what the disk has.
  /// Call it before other threads use the file.
  void PassPageCache();
  const std::string& path() const;
  /// Reads up to out.size() bytes; fewer only at the end of the file.
  Result<std::size_t> ReadAt(std::uint64_t offset, MutableByteSpan out) const;
  /// Writes all bytes or fails.
  Result<void> WriteAt(std::uint64_t offset, ByteSpan bytes);
  Result<FileStat> Stat() const;
  Result<void> Truncate(std::uint64_t size_bytes);
  /// fsync: content and size are durable.  The directory entry is not: see FileIo::SyncDir.
  Result<void> Sync();
  /// Appends nothing, overwrites from byte 0: the first `size_bytes` of `from`, without moving them
  /// through this process where the file system can do that.
  Result<void> CopyFrom(const File& from, std::uint64_t size_bytes);
  /// Asks the kernel to start writing back [offset, offset + size); a hint that makes a later Sync
  /// shorter, never a promise.
  void StartSync(std::uint64_t offset, std::uint64_t size_bytes);
  /// Closes and forgets.  The destructor does the same.
  void Close();
  int fd() const;

 private:
  friend class FileIo;
  struct State;
  std::size_t ReadPastCache(std::uint64_t offset, MutableByteSpan out) const;
  Result<std::size_t> WritePastCache(std::uint64_t offset, ByteSpan bytes);
  std::unique_ptr<State> state_;
};

enum class OpenMode {
  kRead,
  kReadWrite,     ///< must exist
  kCreateNew,     ///< must not exist
  kCreateOrOpen,  ///< keeps the content
};

/// A name inside an open directory.  The path of the directory is not looked at again, so that
/// nobody can put a symlink in its place meanwhile.
struct NameInDir {
  int dir_fd = -1;
  std::string path;  ///< for messages and hooks; its last component is the name
};

/// The mode of directories that may hold what is nobody else's business, such as whole entities.
inline constexpr unsigned kOwnerOnly = 0700;

/// Paths are absolute or relative to the working directory.  Thread-safe.
class FileIo {
 public:
  explicit FileIo(IoHooks* hooks = nullptr) : hooks_(hooks) {}

  Result<File> Open(const std::string& path, OpenMode mode) const;
  /// Takes over an fd that the caller opened (openat2 in the file backend).
  Result<File> Adopt(int fd, std::string path) const;
  Result<FileStat> Stat(const std::string& path) const;
  /// Of a symlink itself, which is neither regular nor a directory.
  Result<FileStat> StatLink(const std::string& path) const;
  /// Also true for a symlink that leads nowhere.
  Result<bool> Exists(const std::string& path) const;
  Result<void> Rename(const std::string& from, const std::string& to) const;
  /// Errors: kConflict when `to` exists (renameat2 RENAME_NOREPLACE).
  Result<void> RenameNoReplace(const std::string& from, const std::string& to) const;
  /// Success also when it is not there.
  Result<void> Unlink(const std::string& path) const;
  Result<void> RemoveEmptyDir(const std::string& path) const;
  /// fsync of a directory: renames, creations and removals in it are durable.
  Result<void> SyncDir(const std::string& path) const;
  /// syncfs of the file system that holds `path`: one call that writes back many dirty files, to
  /// make the following Sync calls short.  Never the only sync of a file.
  Result<void> SyncFs(const std::string& path) const;
  /// Makes `path` and missing parents with that mode, less the umask, and syncs each new directory
  /// and the parent that names it.  One that is there keeps its mode: who made it may have had a
  /// reason.
  Result<void> MakeDirsDurably(const std::string& path, unsigned mode = 0777) const;
  /// Names in the directory, sorted bytewise, without "." and "..".
  Result<std::vector<std::string>> ListDir(const std::string& path) const;
  /// Whole file; kRefused above `limit_bytes`.
  Result<std::string> ReadSmall(const std::string& path, std::uint64_t limit_bytes) const;
  /// temp file beside it + fsync + rename + fsync of the directory.  Durable on return.
  Result<void> WriteDurably(const std::string& path, ByteSpan bytes) const;

  // The same for names in open directories; a name that is a symlink is not followed.
  Result<File> Open(const NameInDir& name, OpenMode mode) const;
  Result<void> Rename(const NameInDir& from, const NameInDir& to) const;
  Result<void> RenameNoReplace(const NameInDir& from, const NameInDir& to) const;
  Result<void> Unlink(const NameInDir& name) const;
  /// Success also when it is there.  Durable after SyncDir of it and of its parent.
  Result<void> MakeDir(const NameInDir& name) const;
  Result<void> SyncDir(int dir_fd, const std::string& path) const;

  IoHooks* hooks() const { return hooks_; }

 private:
  Result<void> Check(IoOp op, std::string_view path) const;
  IoHooks* hooks_;
};

/// The directory part: "/a/b" -> "/a", "/a" -> "/", "a" -> ".".
std::string ParentDir(std::string_view path);

}  // namespace stateferry
