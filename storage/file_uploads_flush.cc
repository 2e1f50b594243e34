// What a Flush of a bucket's uploads does: contents to the disk, then names, then directories.

#include <atomic>
#include <functional>
#include <utility>

#include "base/task_group.h"
#include "storage/file_uploads.h"

namespace stateferry::storage {

namespace {
/// From so many files on, one syncfs before the fsync calls pays: see docs/decisions/0002.
constexpr std::size_t kSyncFsFrom = 64;
constexpr std::size_t kSyncThreads = 4;

/// Calls `sync` with 0 to `count` - 1: in one thread for few files; for many, several fsync calls
/// share one commit of the file system's journal.  The first failure is returned, and keeps no
/// other from being synced.
Result<void> InThreads(std::size_t count, const std::function<Result<void>(std::size_t)>& sync) {
  const std::size_t threads = count >= kSyncFsFrom ? kSyncThreads : 1;
  Result<void> first_failure;
  std::atomic<std::size_t> next{0};
  std::mutex failure_mutex;
  auto sync_rest = [&](std::stop_token) -> Result<void> {
    for (std::size_t i; (i = next++) < count;) {
      auto synced = sync(i);
      std::lock_guard lock(failure_mutex);
      if (!synced && first_failure) first_failure = std::move(synced);
    }
    return {};
  };
  TaskGroup group;
  for (std::size_t i = 1; i < threads; ++i) group.Start(sync_rest);
  (void)sync_rest({});
  (void)group.Wait();
  return first_failure;
}
}  // namespace

Result<void> FileUploads::MakeDurable(std::string_view key) {
  SF_TRY(BucketDir::CheckBucketKey(key));
  SF_TRY(const auto stat, bucket_.Stat(key));
  if (!stat.is_regular)
    return Error(ErrorCode::kNotFound, bucket_.PathOf(key) + " is a directory, not an object");
  // Directories that name it may not have been synced either.
  SF_TRY(bucket_.OpenToWrite(ParentKey(key)));
  bucket_.Touch(ParentKey(key));
  std::lock_guard lock(mutex_);
  kept_.emplace_back(key);
  return {};
}

Result<void> FileUploads::SyncKept(const std::vector<std::string>& keys) {
  if (keys.size() >= kSyncFsFrom) SF_TRY(bucket_.io().SyncFs(bucket_.root()));
  return InThreads(keys.size(), [&](std::size_t i) -> Result<void> {
    auto file = bucket_.OpenForRead(keys[i]);
    // What we may not read we have not written.
    if (!file && file.error().code() == ErrorCode::kPermission) return {};
    if (!file) return std::move(file).error();
    return file->Sync();
  });
}

Result<void> FileUploads::Flush() {
  std::uint64_t failed_before = 0;
  {
    std::lock_guard lock(mutex_);
    failed_before = failed_flushes_;
  }
  std::lock_guard flushing(flush_mutex_);
  Uploads dirty, complete;
  std::vector<std::string> kept;
  {
    std::lock_guard lock(mutex_);
    for (const auto& upload : dirty_) upload->dirty = false;
    dirty.swap(dirty_);
    complete.swap(complete_);
    kept.swap(kept_);
  }
  auto first_failure = SyncContents(dirty);
  auto kept_synced = SyncKept(kept);
  if (!kept_synced && first_failure) first_failure = std::move(kept_synced);
  for (const auto& upload : complete) {
    auto named = GiveName(*upload);
    if (!named && first_failure) first_failure = std::move(named);
  }
  auto synced = bucket_.SyncDirs();
  if (!synced && first_failure) first_failure = std::move(synced);

  std::lock_guard lock(mutex_);
  if (!first_failure) {
    ++failed_flushes_;
    last_failure_ = first_failure.error();
  }
  // What we were to make durable may have been part of a flush that failed while we waited.
  if (failed_flushes_ != failed_before) return *last_failure_;
  return {};
}

Result<void> FileUploads::SyncContents(const Uploads& dirty) {
  Result<void> first_failure;
  if (dirty.size() >= kSyncFsFrom) {
    first_failure = bucket_.io().SyncFs(bucket_.root());
    if (!first_failure) {
      // Whose bytes it was that the disk refused is not known.
      for (const auto& upload : dirty) Spoil(*upload, first_failure.error());
      return first_failure;
    }
  }
  return InThreads(dirty.size(), [&](std::size_t i) { return SyncContent(*dirty[i]); });
}

/// After a failed sync nobody knows what of the file is on the disk, and a later sync would
/// succeed: no later run may find it.
void FileUploads::Spoil(UploadFile& upload, const Error& error) {
  std::lock_guard file_lock(upload.mutex);
  upload.error = error;
  (void)bucket_.io().Unlink(upload.temp());
  bucket_.Touch(kBucketUploadsDir);
}

Result<void> FileUploads::SyncContent(UploadFile& upload) {
  std::shared_ptr<File> file;
  {
    std::lock_guard file_lock(upload.mutex);
    if (upload.error) return *upload.error;
    auto opened = OpenFile(upload);
    if (!opened) {
      upload.error = opened.error();
      return opened.error();
    }
    file = *opened;
  }
  auto synced = file->Sync();
  if (!synced) Spoil(upload, synced.error());
  const auto stat = file->Stat();
  std::lock_guard file_lock(upload.mutex);
  upload.synced = stat ? std::optional(*stat) : std::nullopt;
  if (upload.state == UploadFile::State::kComplete) upload.CloseFile();
  return synced;
}

Result<void> FileUploads::Rename(UploadFile& upload) {
  SF_TRY(const auto parent, bucket_.OpenToWrite(ParentKey(upload.key)));
  const NameInDir to{.dir_fd = parent->fd(), .path = bucket_.PathOf(upload.key)};
  auto renamed = upload.options.overwrite ? bucket_.io().Rename(upload.temp(), to)
                                          : bucket_.io().RenameNoReplace(upload.temp(), to);
  if (renamed) return {};
  // Perhaps somebody has put something there since it was looked at.
  SF_TRY(CheckTarget(upload, *parent));
  return renamed;
}

Result<void> FileUploads::GiveName(UploadFile& upload) {
  std::lock_guard file_lock(upload.mutex);
  upload.CloseFile();
  auto named = upload.error ? Result<void>(*upload.error) : Rename(upload);
  if (!upload.error && !named && named.error().code() == ErrorCode::kNotFound) {
    bucket_.Forget();  // somebody has removed the directory; make it again, once
    named = Rename(upload);
  }
  StopWaiting(upload);
  if (upload.error) return named;
  if (!named) {
    upload.state = UploadFile::State::kOpen;  // it can be aborted, or completed later
    return named;
  }
  upload.state = UploadFile::State::kNamed;
  bucket_.Touch(ParentKey(upload.key));
  bucket_.Touch(kBucketUploadsDir);
  return {};
}

}  // namespace stateferry::storage
