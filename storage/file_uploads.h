#pragma once
// Unfinished objects of a bucket directory: temporary files, made durable and renamed in batches.

#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "storage/backend.h"
#include "storage/bucket_dir.h"

namespace stateferry::storage {

/// One temporary file.  Kept open while few are; with many small uploads it is closed after the
/// write and opened again for its fsync.
struct UploadFile {
  std::string key;
  std::string token;
  std::string temp_path;
  std::uint64_t size_bytes = 0;
  std::uint64_t part_bytes = 0;
  bool overwrite = true;

  std::mutex mutex;
  File file;              // guarded by mutex; shared by concurrent parts while open
  bool dirty = false;     // guarded by FileUploads::mutex_
  bool complete = false;  // guarded by FileUploads::mutex_
};

/// All uploads of one bucket.  Thread-safe.
class FileUploads {
 public:
  FileUploads(BucketDir& bucket, const FileIo& io);
  /// Removes the uploads directory when nothing is left in it.
  ~FileUploads();

  Result<std::unique_ptr<Upload>> Start(std::string_view key, const UploadOptions& options);
  /// Everything accepted before the call becomes durable; completed uploads get their names.
  Result<void> Flush();
  /// The directory of `path` is to be synced at the next Flush (a deletion).
  void TouchDir(const std::string& dir);

  Result<void> PutPart(const std::shared_ptr<UploadFile>& upload, std::uint32_t part_index,
                       ByteSpan bytes);
  Result<void> Complete(const std::shared_ptr<UploadFile>& upload);
  Result<void> Abort(const std::shared_ptr<UploadFile>& upload);

 private:
  struct Pending {
    std::vector<std::shared_ptr<UploadFile>> dirty;
    std::vector<std::shared_ptr<UploadFile>> complete;
    std::set<std::string> dirs;
    bool new_files = false;
  };
  Pending TakePending();
  Result<void> SyncContents(const Pending& pending);
  Result<void> GiveNames(const Pending& pending, std::set<std::string>& dirs);

  BucketDir& bucket_;
  const FileIo io_;
  const std::size_t max_open_;
  std::mutex flush_mutex_;  // one flush at a time; taken before mutex_
  std::mutex mutex_;
  Pending pending_;                // guarded by mutex_
  std::size_t open_files_ = 0;     // guarded by mutex_
  bool uploads_dir_made_ = false;  // guarded by mutex_
};

}  // namespace stateferry::storage
