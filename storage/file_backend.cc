#include "storage/file_backend.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "storage/bucket_dir.h"
#include "storage/file_listing.h"
#include "storage/file_uploads.h"

namespace stateferry::storage {

namespace {

class FileBackend final : public Backend {
 public:
  FileBackend(const FileIo& io, std::string directory)
      : bucket_(io, std::move(directory)), uploads_(bucket_) {}

  Capabilities capabilities() const override { return {.server_side_copy = true}; }
  std::string Describe() const override { return "file:" + bucket_.root(); }

  Result<ObjectMeta> Stat(std::string_view key) override {
    SF_TRY(BucketDir::CheckBucketKey(key));
    SF_TRY(const auto stat, bucket_.Stat(key));
    if (!stat.is_regular)
      return Error(ErrorCode::kNotFound, bucket_.PathOf(key) + " is a directory, not an object");
    return FileMeta(std::string(key), stat);
  }

  Result<void> List(std::string_view prefix,
                    const std::function<Result<void>(const ObjectMeta&)>& visit) override {
    return ListBucketDir(bucket_, prefix, visit);
  }

  Result<std::size_t> ReadRange(std::string_view key, std::uint64_t offset,
                                MutableByteSpan out) override {
    return Read(key, offset, out, false);
  }
  Result<std::size_t> ReadBack(std::string_view key, std::uint64_t offset,
                               MutableByteSpan out) override {
    return Read(key, offset, out, out.size() >= kPassCacheFrom);
  }

  Result<ObjectMeta> Put(std::string_view key, ByteSpan bytes, const PutOptions& options) override {
    SF_TRY(const auto stat, uploads_.Put(key, bytes, options));
    return FileMeta(std::string(key), stat);
  }

  Result<std::unique_ptr<Upload>> StartUpload(std::string_view key,
                                              const UploadOptions& options) override {
    return uploads_.Start(key, options);
  }

  Result<void> Copy(std::string_view from, std::string_view to,
                    const PutOptions& options) override {
    return uploads_.Copy(from, to, options);
  }

  Result<void> Delete(std::string_view key) override {
    SF_TRY(BucketDir::CheckBucketKey(key));
    const std::string_view dir = ParentKey(key);
    const std::string name(key.substr(key.rfind('/') + 1));  // npos + 1 is 0
    auto parent = bucket_.OpenToRead(dir);
    if (!parent && parent.error().code() == ErrorCode::kNotFound) return {};
    if (!parent) return parent.error();
    struct stat st {};
    if (::fstatat((*parent)->fd(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) return {};
      return ErrnoError(errno, bucket_.PathOf(key));
    }
    if (S_ISDIR(st.st_mode)) return {};  // not an object
    if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
      return Error(ErrorCode::kRefused, bucket_.PathOf(key) + " is neither a file nor a directory");
    SF_TRY(bucket_.io().Unlink({.dir_fd = (*parent)->fd(), .path = bucket_.PathOf(key)}));
    bucket_.Touch(dir);
    return {};
  }

  Result<void> MakeDurable(std::string_view key) override { return uploads_.MakeDurable(key); }

  Result<std::uint64_t> DropStaleUploads(std::chrono::seconds age) override {
    return DropStaleBucketUploads(bucket_.io(), SystemClock(), bucket_.root(), age);
  }

  Result<void> Flush() override { return uploads_.Flush(); }

 private:
  Result<std::size_t> Read(std::string_view key, std::uint64_t offset, MutableByteSpan out,
                           bool past_cache) {
    SF_TRY(BucketDir::CheckBucketKey(key));
    SF_TRY(auto file, bucket_.OpenForRead(key));
    if (offset > static_cast<std::uint64_t>(INT64_MAX)) return std::size_t{0};
    if (past_cache) file.PassPageCache();
    return file.ReadAt(offset, out);
  }

  BucketDir bucket_;
  FileUploads uploads_;
};

}  // namespace

Result<std::shared_ptr<Backend>> OpenFileBackend(const FileIo& io, const std::string& directory) {
  SF_TRY(bool exists, io.Exists(directory));
  if (exists) {
    SF_TRY(auto stat, io.Stat(directory));
    if (!stat.is_directory)
      return Error(ErrorCode::kConflict, directory + " is a file, not a bucket directory")
          .WithHint("name a directory, or a place where nothing is yet");
  }
  return std::shared_ptr<Backend>(std::make_shared<FileBackend>(io, directory));
}

}  // namespace stateferry::storage
