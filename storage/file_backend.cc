#include "storage/file_backend.h"

#include <unistd.h>

#include <algorithm>
#include <vector>

#include "storage/bucket_dir.h"
#include "storage/file_uploads.h"

namespace stateferry::storage {

namespace {

ObjectMeta ToMeta(std::string key, const FileStat& stat) {
  std::string identity;
  AppendBig<std::uint64_t>(identity, stat.inode);
  AppendBig<std::uint64_t>(identity, static_cast<std::uint64_t>(stat.mtime_ns));
  AppendBig<std::uint64_t>(identity, stat.size_bytes);
  // Inode, time and size in one hex number: a file replaced or written to gets another.
  std::string etag;
  static constexpr char kDigits[] = "0123456789abcdef";
  for (const char c : identity) {
    etag.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
    etag.push_back(kDigits[static_cast<unsigned char>(c) & 15]);
  }
  return {.key = std::move(key),
          .size_bytes = stat.size_bytes,
          .mtime_ns = stat.mtime_ns,
          .etag = std::move(etag)};
}

class FileBackend final : public Backend {
 public:
  FileBackend(const FileIo& io, std::string directory)
      : bucket_(io, std::move(directory)), uploads_(bucket_, io) {}

  Capabilities capabilities() const override { return {}; }
  std::string Describe() const override { return "file:" + bucket_.root(); }

  Result<ObjectMeta> Stat(std::string_view key) override {
    SF_TRY(bucket_.CheckBucketKey(key));
    SF_TRY(auto stat, bucket_.Stat(key));
    if (!stat.is_regular)
      return Error(ErrorCode::kNotFound, bucket_.PathOf(key) + " is a directory, not an object");
    return ToMeta(std::string(key), stat);
  }

  Result<void> List(std::string_view prefix,
                    const std::function<Result<void>(const ObjectMeta&)>& visit) override {
    const auto slash = prefix.rfind('/');
    const std::string dir(slash == std::string_view::npos ? "" : prefix.substr(0, slash));
    if (!dir.empty()) {
      SF_TRY(bucket_.CheckBucketKey(dir));
      auto stat = bucket_.Stat(dir);
      if (!stat && stat.error().code() == ErrorCode::kNotFound) return {};
      if (!stat) return stat.error();
      if (!stat->is_directory) return {};
    } else {
      SF_TRY(bool exists, bucket_.io().Exists(bucket_.root()));
      if (!exists) return {};
    }
    return ListDir(dir, prefix, visit);
  }

  Result<std::size_t> ReadRange(std::string_view key, std::uint64_t offset,
                                MutableByteSpan out) override {
    SF_TRY(bucket_.CheckBucketKey(key));
    SF_TRY(auto file, bucket_.OpenForRead(key));
    return file.ReadAt(offset, out);
  }

  Result<ObjectMeta> Put(std::string_view key, ByteSpan bytes, const PutOptions& options) override {
    SF_TRY(auto upload, StartUpload(key, {.size_bytes = bytes.size(),
                                          .part_bytes = std::max<std::uint64_t>(1, bytes.size()),
                                          .resume_token = "",
                                          .origin = "",
                                          .overwrite = options.overwrite}));
    auto put = [&]() -> Result<void> {
      if (!bytes.empty()) SF_TRY(upload->PutPart(0, bytes));
      SF_TRY(upload->Complete());
      return Flush();
    }();
    if (!put) {
      (void)upload->Abort();
      return put.error();
    }
    return Stat(key);
  }

  Result<std::unique_ptr<Upload>> StartUpload(std::string_view key,
                                              const UploadOptions& options) override {
    return uploads_.Start(key, options);
  }

  Result<void> Delete(std::string_view key) override {
    SF_TRY(bucket_.CheckBucketKey(key));
    auto stat = bucket_.Stat(key);
    if (!stat && stat.error().code() == ErrorCode::kNotFound) return {};
    if (!stat) return stat.error();
    const std::string path = bucket_.PathOf(key);
    SF_TRY(bucket_.io().Unlink(path));
    uploads_.TouchDir(ParentDir(path));
    return {};
  }

  Result<void> Flush() override { return uploads_.Flush(); }

 private:
  struct Entry {
    std::string sort_name;  ///< a directory sorts as "name/", which is how its keys sort
    std::string key;
    FileStat stat;
  };

  Result<std::vector<Entry>> ReadDir(const std::string& dir, std::string_view prefix) {
    SF_TRY(auto names, bucket_.io().ListDir(dir.empty() ? bucket_.root() : bucket_.PathOf(dir)));
    std::vector<Entry> entries;
    entries.reserve(names.size());
    for (const auto& name : names) {
      if (dir.empty() && name == kBucketPrivateDir) continue;
      std::string key = dir.empty() ? name : dir + "/" + name;
      const bool may_match = key.starts_with(prefix) || prefix.starts_with(key + "/");
      if (!may_match) continue;
      auto stat = bucket_.Stat(key);
      // Gone since the directory was read; anything else is not skipped silently.
      if (!stat && stat.error().code() == ErrorCode::kNotFound && !IsSymlink(key)) continue;
      if (!stat) return Error(stat.error()).WithContext("listing " + bucket_.root());
      std::string sort_name = name;
      if (stat->is_directory) {
        if (IsSymlink(key))
          return Error(ErrorCode::kRefused,
                       bucket_.PathOf(key) +
                           " is a symbolic link to a directory; name the directory itself");
        sort_name += '/';
      }
      entries.push_back({std::move(sort_name), std::move(key), *stat});
    }
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return a.sort_name < b.sort_name; });
    return entries;
  }

  bool IsSymlink(const std::string& key) const {
    char target;
    return ::readlink(bucket_.PathOf(key).c_str(), &target, 1) >= 0;
  }

  Result<void> ListDir(const std::string& dir, std::string_view prefix,
                       const std::function<Result<void>(const ObjectMeta&)>& visit) {
    SF_TRY(auto entries, ReadDir(dir, prefix));
    for (auto& entry : entries) {
      if (entry.stat.is_directory) {
        SF_TRY(ListDir(entry.key, prefix, visit));
      } else if (entry.key.starts_with(prefix)) {
        SF_TRY(visit(ToMeta(std::move(entry.key), entry.stat)));
      }
    }
    return {};
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
      return Error(ErrorCode::kConflict, directory + " is a file, not a bucket directory");
  }
  return std::shared_ptr<Backend>(std::make_shared<FileBackend>(io, directory));
}

}  // namespace stateferry::storage
