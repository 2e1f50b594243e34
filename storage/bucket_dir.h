#pragma once
// The directory of a bucket: keys become files and directories inside of it, never outside.

#include <sys/stat.h>

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "base/file_io.h"
#include "base/result.h"
#include "storage/beneath.h"

namespace stateferry::storage {

/// Where unfinished uploads of a bucket lie; no key can name it.  A directory below may have been
/// opened as a bucket too, so no directory of that name holds objects.
inline constexpr std::string_view kBucketPrivateDir = ".stateferry";
inline constexpr std::string_view kBucketUploadsDir = ".stateferry/uploads";

/// "a/b/c" -> "a/b", "a" -> "".
std::string_view ParentKey(std::string_view key);
FileStat ToFileStat(const struct stat& st);

/// Directories are named by their keys, "" is the bucket itself.  Thread-safe.
class BucketDir {
 public:
  using Dir = std::shared_ptr<const OpenDir>;

  BucketDir(const FileIo& io, std::string root) : io_(io), root_(std::move(root)) {}

  const FileIo& io() const { return io_; }
  const std::string& root() const { return root_; }
  std::string PathOf(std::string_view key) const;

  /// storage::CheckKey, path components of at most 255 bytes, and not below a kBucketPrivateDir.
  static Result<void> CheckBucketKey(std::string_view key);

  /// Opens a regular file for reading.  Errors: kNotFound (also for a directory); kPermission when
  /// a symlink leads out of the bucket; kRefused for anything that is neither file nor directory.
  Result<File> OpenForRead(std::string_view key);
  /// Like OpenForRead, without opening; a directory gives is_directory.
  Result<FileStat> Stat(std::string_view key);
  /// Errors: kNotFound (also for a file).
  Result<Dir> OpenToRead(std::string_view dir);
  /// Makes what is missing.  The directory and those above it are durable after SyncDirs.
  /// Errors: kConflict when a file is in the way.
  Result<Dir> OpenToWrite(std::string_view dir);
  /// After something was added to, renamed in or removed from it.
  void Touch(std::string_view dir);
  /// Every directory that was touched before the call is durable on return.  After one failed fsync
  /// every call fails: nobody knows what the kernel has kept.
  Result<void> SyncDirs();
  /// Directories were removed under us (kNotFound from what should be there): forgets all that are
  /// open.
  void Forget();

 private:
  Result<int> Resolve(std::string_view key, int flags);
  Result<Dir> Root();
  Result<Dir> MakeRoot();
  Dir Cached(std::string_view dir);
  void Remember(std::string_view dir, const Dir& open);
  Result<void> SyncOne(const std::string& dir);

  const FileIo io_;
  const std::string root_;

  std::mutex mutex_;
  struct CachedDir {
    std::string name;
    Dir open;
  };
  std::list<CachedDir> recent_;  // guarded by mutex_
  std::map<std::string, std::list<CachedDir>::iterator, std::less<>>
      cached_dirs_;                             // guarded by mutex_
  std::set<std::string, std::less<>> touched_;  // guarded by mutex_
  std::set<std::string, std::less<>> known_;    // guarded by mutex_; seen by OpenToWrite before

  std::mutex sync_mutex_;            // taken before mutex_
  std::optional<Error> sync_error_;  // guarded by sync_mutex_
  bool parent_synced_ = false;       // guarded by sync_mutex_
};

}  // namespace stateferry::storage
