#pragma once
// Resolves keys inside one directory without ever leaving it.

#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/file_io.h"
#include "base/result.h"

namespace stateferry::storage {

/// Where unfinished uploads and temporary files of a bucket lie; no key can name it.
inline constexpr std::string_view kBucketPrivateDir = ".stateferry";

/// Thread-safe.
class BucketDir {
 public:
  BucketDir(const FileIo& io, std::string root) : io_(io), root_(std::move(root)) {}

  const FileIo& io() const { return io_; }
  const std::string& root() const { return root_; }
  std::string PathOf(std::string_view key) const { return root_ + "/" + std::string(key); }
  std::string UploadsDir() const {
    return root_ + "/" + std::string(kBucketPrivateDir) + "/uploads";
  }

  /// storage::CheckKey, path components of at most 255 bytes, and not below kBucketPrivateDir.
  Result<void> CheckBucketKey(std::string_view key) const;
  /// Opens a regular file for reading.  Errors: kNotFound (also for a directory); kPermission when
  /// a symlink leads out of the bucket; kRefused for anything that is neither file nor directory.
  Result<File> OpenForRead(std::string_view key) const;
  /// The same without opening; a directory gives is_directory.
  Result<FileStat> Stat(std::string_view key) const;
  /// Makes the directory of `key`, durably, after checking that no symlink leads out of the bucket.
  Result<void> EnsureParent(std::string_view key);
  Result<void> EnsureUploadsDir();

 private:
  Result<int> OpenBeneath(std::string_view key, int flags) const;

  FileIo io_;
  std::string root_;
  std::mutex mutex_;
  std::unordered_set<std::string> known_dirs_;  // guarded by mutex_; checked or made before
};

}  // namespace stateferry::storage
