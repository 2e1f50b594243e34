#pragma once
// Unfinished objects of a bucket directory: temporary files, made durable and renamed in batches.

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "storage/backend.h"
#include "storage/bucket_dir.h"

namespace stateferry::storage {

/// One temporary file on its way to a key.
struct UploadFile {
  using Counter = std::shared_ptr<std::atomic<std::size_t>>;
  explicit UploadFile(Counter open) : open_files(std::move(open)) {}
  ~UploadFile() { CloseFile(); }

  std::string key;
  UploadOptions options;
  std::string token;  ///< also the name of the temporary file
  BucketDir::Dir dir;
  bool resumed = false;

  std::mutex mutex;  // taken before FileUploads::mutex_
  /// Open while few are; with many small uploads it is closed when complete and opened again for
  /// its fsync.  Shared with writes under way.
  std::shared_ptr<File> file;
  std::unordered_set<std::uint32_t> parts;  ///< put by this process
  enum class State { kOpen, kComplete, kNamed, kAborted } state = State::kOpen;
  std::optional<Error> error;  ///< an fsync failed: of no use any more
  /// As the last fsync left it, which is what its name will lead to.
  std::optional<FileStat> synced;
  bool waits = false;  ///< its key is among FileUploads::waiting_

  bool dirty = false;  // guarded by FileUploads::mutex_

  const Counter open_files;  ///< of all uploads of the process, which share its limit
  void CloseFile() {         // caller holds mutex
    if (file) --*open_files;
    file.reset();
  }
  NameInDir temp() const { return {.dir_fd = dir->fd(), .path = dir->PathOf(token)}; }
};

/// All uploads of one bucket.  Thread-safe.
class FileUploads {
 public:
  explicit FileUploads(BucketDir& bucket);
  /// Removes the uploads directory when nothing is left in it.
  ~FileUploads();

  Result<std::unique_ptr<Upload>> Start(std::string_view key, const UploadOptions& options);
  /// Copies within the file system; named by the next Flush.
  Result<void> Copy(std::string_view from, std::string_view to, const PutOptions& options);
  /// One object in one step, without waiting for a Flush under way; durable on return.
  Result<FileStat> Put(std::string_view key, ByteSpan bytes, const PutOptions& options);
  /// What is there under `key`, and its name, are durable after the next Flush.
  Result<void> MakeDurable(std::string_view key);
  /// Everything accepted before the call becomes durable; completed uploads get their names.  When
  /// one upload fails the others are still made durable.
  Result<void> Flush();

  Result<void> PutPart(const std::shared_ptr<UploadFile>& upload, std::uint32_t part_index,
                       ByteSpan bytes);
  Result<void> Complete(const std::shared_ptr<UploadFile>& upload);
  Result<void> Abort(const std::shared_ptr<UploadFile>& upload);

 private:
  using Uploads = std::vector<std::shared_ptr<UploadFile>>;

  Result<std::shared_ptr<UploadFile>> Create(std::string_view key, const UploadOptions& options);
  Result<std::shared_ptr<UploadFile>> Resume(std::string_view key, const UploadOptions& options);
  void MarkDirty(const std::shared_ptr<UploadFile>& upload);
  Result<std::shared_ptr<File>> OpenFile(UploadFile& upload);  // caller holds upload.mutex
  Result<void> SyncContents(const Uploads& dirty);
  Result<void> SyncContent(UploadFile& upload);
  Result<void> SyncKept(const std::vector<std::string>& keys);
  void Spoil(UploadFile& upload, const Error& error);
  Result<void> GiveName(UploadFile& upload);
  Result<void> CheckTarget(const UploadFile& upload, const OpenDir& parent) const;
  Result<void> MakeParent(std::string_view key);
  Result<void> StartWaiting(UploadFile& upload, const OpenDir& parent);  // likewise
  void StopWaiting(UploadFile& upload);                                  // likewise
  Result<void> Rename(UploadFile& upload);                               // likewise

  BucketDir& bucket_;
  const std::size_t max_open_;
  const UploadFile::Counter open_files_;
  std::atomic<bool> used_{false};

  std::mutex flush_mutex_;    // one flush at a time; taken before all others
  std::mutex waiting_mutex_;  // taken after UploadFile::mutex
  /// Keys of completed uploads without a name so far: no directory may take it from them.
  std::unordered_multiset<std::string> waiting_;  // guarded by waiting_mutex_
  std::mutex mutex_;
  Uploads dirty_;                      // guarded by mutex_
  Uploads complete_;                   // guarded by mutex_
  std::vector<std::string> kept_;      // guarded by mutex_; keys that MakeDurable named
  std::uint64_t failed_flushes_ = 0;   // guarded by mutex_
  std::optional<Error> last_failure_;  // guarded by mutex_
};

/// Removes, durably, the unfinished uploads of the bucket directory `dir` that were last written
/// more than `age` ago: what killed runs left and no journal names.  Who is still writing is safe
/// as long as `age` is longer than the pauses between its writes.  Returns how many; a bucket
/// without any is a success.
Result<std::uint64_t> DropStaleBucketUploads(const FileIo& io, Clock& clock, const std::string& dir,
                                             std::chrono::seconds age);

}  // namespace stateferry::storage
