#include "storage/file_uploads.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/hash.h"
#include "storage/file_listing.h"
#include "storage/part_grid.h"

namespace stateferry::storage {

namespace {
constexpr std::uint64_t kStartSyncBytes = 8u << 20;

std::size_t MaxOpenFiles() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 16;
  // So many small files may wait for one commit of the transfer's journal.
  return std::clamp<std::size_t>(limit.rlim_cur / 4, 4, 4096);
}

UploadFile::Counter OpenFilesOfProcess() {
  static const UploadFile::Counter counter = std::make_shared<std::atomic<std::size_t>>(0);
  return counter;
}

/// Ties a token to what is uploaded, so that a token is never taken for another object's.
std::string TokenPrefix(std::string_view key, const UploadOptions& options) {
  std::string identity(key);
  AppendLittle<std::uint64_t>(identity, options.size_bytes);
  AppendLittle<std::uint64_t>(identity, options.part_bytes);
  return Xxh3_128(AsBytes(identity)).ToHex() + "-";
}

std::string RandomHex() {
  // Not std::random_device, which asks the processor what it can do for each file.
  std::array<std::byte, 16> raw{};
  SF_ASSERT(::getrandom(raw.data(), raw.size(), 0) == static_cast<ssize_t>(raw.size()));
  return ToHex(raw);
}

Error Ended(const UploadFile& upload) {
  return Error(ErrorCode::kInternal, "the upload of " + upload.key + " has ended already");
}

/// Nobody needs what was just copied in memory, and to write it from there costs more than to
/// receive it.  Where parts do not begin with a page they meet in one, which is then left to the
/// kernel.
void PassPageCache(const UploadFile& upload) {
  const auto& options = upload.options;
  const bool pages =
      options.part_bytes % kPageBytes == 0 || options.part_bytes >= options.size_bytes;
  if (pages && std::min(options.part_bytes, options.size_bytes) >= kPassCacheFrom)
    upload.file->PassPageCache();
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
  std::string completed_etag() const override {
    std::lock_guard file_lock(file_->mutex);
    // An earlier flush has seen other bytes.
    const bool is_named = file_->state == UploadFile::State::kNamed;
    return is_named && file_->synced ? FileMeta("", *file_->synced).etag : std::string();
  }
  std::string ResumeToken() const override { return file_->token; }

 private:
  FileUploads& uploads_;
  const std::shared_ptr<UploadFile> file_;
};
}  // namespace

FileUploads::FileUploads(BucketDir& bucket)
    : bucket_(bucket), max_open_(MaxOpenFiles()), open_files_(OpenFilesOfProcess()) {}

FileUploads::~FileUploads() {
  if (!used_) return;
  // Fails, as it should, while unfinished uploads lie there.
  if (bucket_.io().RemoveEmptyDir(bucket_.PathOf(kBucketUploadsDir)))
    (void)bucket_.io().RemoveEmptyDir(bucket_.PathOf(kBucketPrivateDir));
}

Result<std::unique_ptr<Upload>> FileUploads::Start(std::string_view key,
                                                   const UploadOptions& options) {
  SF_TRY(BucketDir::CheckBucketKey(key));
  SF_TRY(CheckGrid(key, options));
  SF_TRY(auto upload, options.resume_token.empty() ? Create(key, options) : Resume(key, options));
  return std::unique_ptr<Upload>(std::make_unique<FileUpload>(*this, std::move(upload)));
}

Result<std::shared_ptr<UploadFile>> FileUploads::Create(std::string_view key,
                                                        const UploadOptions& options) {
  // The destination's directory first: what stands in the way is found before a byte moves.
  SF_TRY(MakeParent(key));
  auto upload = std::make_shared<UploadFile>(open_files_);
  upload->key = key;
  upload->options = options;
  upload->token = TokenPrefix(key, options) + RandomHex();
  used_ = true;
  std::lock_guard file_lock(upload->mutex);
  // Another process that ends may remove the empty uploads directory under us.
  constexpr int kTries = 5;
  for (int i = 1;; ++i) {
    SF_TRY(upload->dir, bucket_.OpenToWrite(kBucketUploadsDir));
    auto file = bucket_.io().Open(upload->temp(), OpenMode::kCreateNew);
    if (file) {
      upload->file = std::make_shared<File>(std::move(*file));
      PassPageCache(*upload);
      break;
    }
    if (file.error().code() != ErrorCode::kNotFound || i == kTries) return file.error();
    bucket_.Forget();
  }
  ++*open_files_;
  bucket_.Touch(kBucketUploadsDir);
  return upload;
}

Result<std::shared_ptr<UploadFile>> FileUploads::Resume(std::string_view key,
                                                        const UploadOptions& options) {
  const Error gone(ErrorCode::kNotFound,
                   "the unfinished upload of " + bucket_.PathOf(key) + " is gone");
  auto upload = std::make_shared<UploadFile>(open_files_);
  upload->key = key;
  upload->options = options;
  upload->token = options.resume_token;
  upload->resumed = true;
  if (!upload->token.starts_with(TokenPrefix(key, options)) ||
      upload->token.find_first_not_of("0123456789abcdef-") != std::string::npos)
    return gone;
  auto dir = bucket_.OpenToRead(kBucketUploadsDir);
  if (!dir && dir.error().code() == ErrorCode::kNotFound) return gone;
  if (!dir) return dir.error();
  upload->dir = *dir;
  std::lock_guard file_lock(upload->mutex);
  auto file = OpenFile(*upload);
  if (!file && file.error().code() == ErrorCode::kNotFound) return gone;
  if (!file) return file.error();
  used_ = true;
  SF_TRY(const auto stat, (*file)->Stat());
  if (!stat.is_regular || stat.size_bytes > options.size_bytes) {
    upload->CloseFile();
    return gone;
  }
  return upload;
}

Result<std::shared_ptr<File>> FileUploads::OpenFile(UploadFile& upload) {
  if (upload.file) return upload.file;
  SF_TRY(auto file, bucket_.io().Open(upload.temp(), OpenMode::kReadWrite));
  upload.file = std::make_shared<File>(std::move(file));
  PassPageCache(upload);
  ++*open_files_;
  return upload.file;
}

void FileUploads::MarkDirty(const std::shared_ptr<UploadFile>& upload) {
  std::lock_guard lock(mutex_);
  if (upload->dirty) return;
  upload->dirty = true;
  dirty_.push_back(upload);
}

Result<void> FileUploads::PutPart(const std::shared_ptr<UploadFile>& upload,
                                  std::uint32_t part_index, ByteSpan bytes) {
  SF_TRY(const std::uint64_t offset,
         PartOffset(upload->key, upload->options, part_index, bytes.size()));
  std::shared_ptr<File> file;
  {
    std::lock_guard file_lock(upload->mutex);
    if (upload->error) return *upload->error;
    if (upload->state != UploadFile::State::kOpen) return Ended(*upload);
    SF_TRY(file, OpenFile(*upload));
  }
  SF_TRY(file->WriteAt(offset, bytes));
  if (bytes.size() >= kStartSyncBytes) file->StartSync(offset, bytes.size());
  {
    std::lock_guard file_lock(upload->mutex);
    if (upload->state != UploadFile::State::kOpen) return Ended(*upload);  // meanwhile
    upload->parts.insert(part_index);
  }
  MarkDirty(upload);
  return {};
}

Result<void> FileUploads::Complete(const std::shared_ptr<UploadFile>& upload) {
  std::lock_guard file_lock(upload->mutex);
  if (upload->error) return *upload->error;
  if (upload->state == UploadFile::State::kAborted) return Ended(*upload);
  if (upload->state != UploadFile::State::kOpen) return {};
  const std::uint64_t part_count = PartCount(upload->options);
  SF_TRY(const auto file, OpenFile(*upload));
  SF_TRY(const auto stat, file->Stat());
  const bool parts_missing = !upload->resumed && upload->parts.size() < part_count;
  if (stat.size_bytes != upload->options.size_bytes || parts_missing)
    return Error(ErrorCode::kInternal, "the upload of " + upload->key + " was completed with " +
                                           std::to_string(upload->parts.size()) + " of " +
                                           std::to_string(part_count) + " parts and " +
                                           std::to_string(stat.size_bytes) + " of " +
                                           std::to_string(upload->options.size_bytes) + " bytes");
  SF_TRY(const auto parent, bucket_.OpenToWrite(ParentKey(upload->key)));
  SF_TRY(StartWaiting(*upload, *parent));
  upload->state = UploadFile::State::kComplete;
  // An empty object has no part that would have told Flush of it.
  if (upload->options.size_bytes == 0) MarkDirty(upload);
  std::lock_guard lock(mutex_);
  complete_.push_back(upload);
  // With many small files at once, do not hold a descriptor for each.
  if (*open_files_ > max_open_) upload->CloseFile();
  return {};
}

Result<void> FileUploads::Abort(const std::shared_ptr<UploadFile>& upload) {
  std::lock_guard flushing(flush_mutex_);
  std::lock_guard file_lock(upload->mutex);
  if (upload->state == UploadFile::State::kNamed) return Ended(*upload);
  upload->state = UploadFile::State::kAborted;
  upload->CloseFile();
  StopWaiting(*upload);
  {
    std::lock_guard lock(mutex_);
    std::erase(dirty_, upload);
    std::erase(complete_, upload);
  }
  SF_TRY(bucket_.io().Unlink(upload->temp()));
  bucket_.Touch(kBucketUploadsDir);
  return {};
}

Result<void> FileUploads::Copy(std::string_view from, std::string_view to,
                               const PutOptions& options) {
  SF_TRY(BucketDir::CheckBucketKey(from));
  SF_TRY(BucketDir::CheckBucketKey(to));
  SF_TRY(const auto source, bucket_.OpenForRead(from));
  SF_TRY(const auto stat, source.Stat());
  SF_TRY(auto upload, Create(to, {.size_bytes = stat.size_bytes,
                                  .part_bytes = std::max<std::uint64_t>(1, stat.size_bytes),
                                  .overwrite = options.overwrite}));
  auto copied = upload->file->CopyFrom(source, stat.size_bytes);
  if (copied) {
    upload->parts.insert(0);
    MarkDirty(upload);
    copied = Complete(upload);
  }
  if (!copied) (void)Abort(upload);
  return copied;
}

Result<FileStat> FileUploads::Put(std::string_view key, ByteSpan bytes, const PutOptions& options) {
  SF_TRY(BucketDir::CheckBucketKey(key));
  SF_TRY(auto upload, Create(key, {.size_bytes = bytes.size(),
                                   .part_bytes = std::max<std::uint64_t>(1, bytes.size()),
                                   .overwrite = options.overwrite}));
  FileStat stat;
  auto write = [&]() -> Result<void> {
    SF_TRY(const auto parent, bucket_.OpenToWrite(ParentKey(key)));
    SF_TRY(CheckTarget(*upload, *parent));
    SF_TRY(upload->file->WriteAt(0, bytes));
    SF_TRY(upload->file->Sync());
    SF_TRY(stat, upload->file->Stat());
    SF_TRY(GiveName(*upload));
    return bucket_.SyncDirs();
  };
  auto written = write();
  if (!written) {
    if (upload->state != UploadFile::State::kNamed) (void)Abort(upload);
    return written.error();
  }
  return stat;
}

Result<void> FileUploads::CheckTarget(const UploadFile& upload, const OpenDir& parent) const {
  struct stat st {};
  const std::string name = upload.key.substr(upload.key.rfind('/') + 1);  // npos + 1 is 0
  if (::fstatat(parent.fd(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) return {};
  const std::string path = bucket_.PathOf(upload.key);
  if (S_ISDIR(st.st_mode))
    return Error(ErrorCode::kConflict,
                 path +
                     " is a directory, so no object can have its name; remove it or choose "
                     "another destination");
  if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
    return Error(ErrorCode::kRefused, path + " is neither a file nor a directory");
  if (!upload.options.overwrite) return Error(ErrorCode::kConflict, path + " exists already");
  return {};
}

/// The directory of `key`, unless it would take the name of an object that has none so far.
Result<void> FileUploads::MakeParent(std::string_view key) {
  std::lock_guard lock(waiting_mutex_);
  for (auto above = ParentKey(key); !above.empty() && !waiting_.empty(); above = ParentKey(above))
    if (waiting_.contains(std::string(above)))
      return Error(ErrorCode::kConflict, bucket_.PathOf(above) +
                                             " is a file, so no object can lie below it; choose "
                                             "another destination");
  SF_TRY(bucket_.OpenToWrite(ParentKey(key)));
  return {};
}

Result<void> FileUploads::StartWaiting(UploadFile& upload, const OpenDir& parent) {
  std::lock_guard lock(waiting_mutex_);
  SF_TRY(CheckTarget(upload, parent));
  waiting_.insert(upload.key);
  upload.waits = true;
  return {};
}

void FileUploads::StopWaiting(UploadFile& upload) {
  if (!std::exchange(upload.waits, false)) return;
  std::lock_guard lock(waiting_mutex_);
  waiting_.erase(waiting_.find(upload.key));
}

Result<std::uint64_t> DropStaleBucketUploads(const FileIo& io, Clock& clock, const std::string& dir,
                                             std::chrono::seconds age) {
  BucketDir bucket(io, dir);
  auto uploads = bucket.OpenToRead(kBucketUploadsDir);
  if (!uploads && uploads.error().code() == ErrorCode::kNotFound) return std::uint64_t{0};
  if (!uploads) return uploads.error();
  const auto newest_stale = clock.Now() - age;
  const std::int64_t newest_ns = newest_stale.time_since_epoch() / std::chrono::nanoseconds(1);
  std::uint64_t dropped = 0;
  SF_TRY(const auto names, io.ListDir((*uploads)->path()));
  for (const auto& name : names) {
    struct stat st {};
    if (::fstatat((*uploads)->fd(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) continue;
    const std::int64_t mtime_ns = st.st_mtim.tv_sec * 1'000'000'000LL + st.st_mtim.tv_nsec;
    if (!S_ISREG(st.st_mode) || mtime_ns >= newest_ns) continue;
    SF_TRY(io.Unlink({.dir_fd = (*uploads)->fd(), .path = (*uploads)->PathOf(name)}));
    ++dropped;
  }
  if (dropped > 0) SF_TRY(io.SyncDir((*uploads)->fd(), (*uploads)->path()));
  return dropped;
}

}  // namespace stateferry::storage
