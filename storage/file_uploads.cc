#include "storage/file_uploads.h"

#include <sys/resource.h>

#include <algorithm>
#include <random>

#include "base/hash.h"

namespace stateferry::storage {

namespace {
/// From so many files on, one syncfs before the fsync calls pays: see docs/decisions/0002.
constexpr std::size_t kSyncFsFrom = 64;
constexpr std::uint64_t kStartSyncBytes = 8u << 20;

std::size_t MaxOpenFiles() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 16;
  return std::clamp<std::size_t>(limit.rlim_cur / 4, 4, 256);
}

/// Ties a token to what is uploaded, so that a token is never taken for another object's.
std::string TokenPrefix(std::string_view key, const UploadOptions& options) {
  std::string identity(key);
  AppendLittle<std::uint64_t>(identity, options.size_bytes);
  AppendLittle<std::uint64_t>(identity, options.part_bytes);
  return Xxh3_128(AsBytes(identity)).ToHex();
}

std::string RandomHex() {
  std::random_device device;
  std::string raw;
  for (int i = 0; i < 4; ++i) AppendLittle<std::uint32_t>(raw, device());
  return ToHex(AsBytes(raw));
}

class FileUpload final : public Upload {
 public:
  FileUpload(FileUploads& uploads, std::shared_ptr<UploadFile> file)
      : uploads_(uploads), file_(std::move(file)) {}
  Result<void> PutPart(std::uint32_t part_index, ByteSpan bytes) override {
    return uploads_.PutPart(file_, part_index, bytes);
  }
  Result<void> Complete() override { return uploads_.Complete(file_); }
  Result<void> Abort() override { return uploads_.Abort(file_); }
  std::string ResumeToken() const override { return file_->token; }

 private:
  FileUploads& uploads_;
  std::shared_ptr<UploadFile> file_;
};
}  // namespace

FileUploads::FileUploads(BucketDir& bucket, const FileIo& io)
    : bucket_(bucket), io_(io), max_open_(MaxOpenFiles()) {}

FileUploads::~FileUploads() {
  if (!uploads_dir_made_) return;
  // Fails, as it should, while unfinished uploads lie there.
  if (io_.RemoveEmptyDir(bucket_.UploadsDir()))
    (void)io_.RemoveEmptyDir(ParentDir(bucket_.UploadsDir()));
}

Result<std::unique_ptr<Upload>> FileUploads::Start(std::string_view key,
                                                   const UploadOptions& options) {
  SF_TRY(bucket_.CheckBucketKey(key));
  if (options.part_bytes == 0)
    return Error(ErrorCode::kInvalidArgument, "an upload needs a part size above 0");
  auto upload = std::make_shared<UploadFile>();
  upload->key = key;
  upload->size_bytes = options.size_bytes;
  upload->part_bytes = options.part_bytes;
  upload->overwrite = options.overwrite;
  const std::string prefix = TokenPrefix(key, options);
  if (!options.resume_token.empty()) {
    const auto& token = options.resume_token;
    const bool plausible = token.starts_with(prefix) &&
                           token.find_first_not_of("0123456789abcdef-") == std::string::npos;
    const std::string path = bucket_.UploadsDir() + "/" + token;
    bool exists = false;
    if (plausible) {
      SF_TRY(exists, io_.Exists(path));
    }
    if (!exists)
      return Error(ErrorCode::kNotFound,
                   "the unfinished upload of " + bucket_.PathOf(key) + " is gone");
    upload->token = token;
    upload->temp_path = path;
    return std::unique_ptr<Upload>(std::make_unique<FileUpload>(*this, std::move(upload)));
  }
  SF_TRY(bucket_.EnsureParent(key));
  {
    std::lock_guard lock(mutex_);
    if (!uploads_dir_made_) {
      SF_TRY(bucket_.EnsureUploadsDir());
      uploads_dir_made_ = true;
    }
  }
  upload->token = prefix + "-" + RandomHex();
  upload->temp_path = bucket_.UploadsDir() + "/" + upload->token;
  SF_TRY(upload->file, io_.Open(upload->temp_path, OpenMode::kCreateNew));
  std::lock_guard lock(mutex_);
  ++open_files_;
  pending_.new_files = true;
  if (upload->size_bytes == 0) {  // nothing will be put, but the file must become durable
    upload->dirty = true;
    pending_.dirty.push_back(upload);
  }
  return std::unique_ptr<Upload>(std::make_unique<FileUpload>(*this, std::move(upload)));
}

Result<void> FileUploads::PutPart(const std::shared_ptr<UploadFile>& upload,
                                  std::uint32_t part_index, ByteSpan bytes) {
  const std::uint64_t offset = part_index * upload->part_bytes;
  if (offset > upload->size_bytes ||
      bytes.size() != std::min(upload->part_bytes, upload->size_bytes - offset))
    return Error(ErrorCode::kInvalidArgument,
                 "part " + std::to_string(part_index) + " of " + upload->key + " has " +
                     std::to_string(bytes.size()) + " bytes, which is not its place in the grid");
  {
    std::lock_guard lock(upload->mutex);
    if (!upload->file.is_open()) {
      SF_TRY(upload->file, io_.Open(upload->temp_path, OpenMode::kReadWrite));
      std::lock_guard count(mutex_);
      ++open_files_;
    }
  }
  // Only Flush closes the file, and never while a part of it is not in.
  SF_TRY(upload->file.WriteAt(offset, bytes));
  if (bytes.size() >= kStartSyncBytes) upload->file.StartSync(offset, bytes.size());
  std::lock_guard lock(mutex_);
  if (!upload->dirty) {
    upload->dirty = true;
    pending_.dirty.push_back(upload);
  }
  return {};
}

Result<void> FileUploads::Complete(const std::shared_ptr<UploadFile>& upload) {
  SF_TRY(auto stat, io_.Stat(upload->temp_path));
  if (stat.size_bytes != upload->size_bytes)
    return Error(ErrorCode::kInternal, upload->key + " was completed with " +
                                           std::to_string(stat.size_bytes) + " of " +
                                           std::to_string(upload->size_bytes) + " bytes");
  SF_TRY(bucket_.EnsureParent(upload->key));
  std::lock_guard file_lock(upload->mutex);
  std::lock_guard lock(mutex_);
  upload->complete = true;
  pending_.complete.push_back(upload);
  // All parts are in: with many small files at once, do not hold a descriptor for each.
  if (upload->file.is_open() && open_files_ > max_open_ && upload->dirty) {
    upload->file.Close();
    --open_files_;
  }
  return {};
}

Result<void> FileUploads::Abort(const std::shared_ptr<UploadFile>& upload) {
  std::lock_guard flushing(flush_mutex_);
  std::lock_guard file_lock(upload->mutex);
  std::lock_guard lock(mutex_);
  if (upload->file.is_open()) --open_files_;
  upload->file.Close();
  std::erase(pending_.dirty, upload);
  std::erase(pending_.complete, upload);
  return io_.Unlink(upload->temp_path);
}

void FileUploads::TouchDir(const std::string& dir) {
  std::lock_guard lock(mutex_);
  pending_.dirs.insert(dir);
}

FileUploads::Pending FileUploads::TakePending() {
  std::lock_guard lock(mutex_);
  for (const auto& upload : pending_.dirty) upload->dirty = false;
  return std::exchange(pending_, Pending());
}

Result<void> FileUploads::Flush() {
  std::lock_guard flushing(flush_mutex_);
  Pending pending = TakePending();
  SF_TRY(SyncContents(pending));
  SF_TRY(GiveNames(pending, pending.dirs));
  if (pending.new_files) pending.dirs.insert(bucket_.UploadsDir());
  for (const auto& dir : pending.dirs) SF_TRY(io_.SyncDir(dir));
  return {};
}

Result<void> FileUploads::SyncContents(const Pending& pending) {
  if (pending.dirty.size() >= kSyncFsFrom) SF_TRY(io_.SyncFs(bucket_.root()));
  for (const auto& upload : pending.dirty) {
    std::lock_guard file_lock(upload->mutex);
    const bool was_open = upload->file.is_open();
    if (!was_open) {
      SF_TRY(upload->file, io_.Open(upload->temp_path, OpenMode::kReadWrite));
    }
    SF_TRY(upload->file.Sync());
    std::lock_guard lock(mutex_);
    if (!was_open) ++open_files_;
    if (upload->complete) {
      upload->file.Close();
      --open_files_;
    }
  }
  return {};
}

Result<void> FileUploads::GiveNames(const Pending& pending, std::set<std::string>& dirs) {
  for (const auto& upload : pending.complete) {
    {
      std::lock_guard file_lock(upload->mutex);
      if (upload->file.is_open()) {
        upload->file.Close();
        std::lock_guard lock(mutex_);
        --open_files_;
      }
    }
    const std::string path = bucket_.PathOf(upload->key);
    SF_TRY(upload->overwrite ? io_.Rename(upload->temp_path, path)
                             : io_.RenameNoReplace(upload->temp_path, path));
    dirs.insert(ParentDir(path));
  }
  return {};
}

}  // namespace stateferry::storage
