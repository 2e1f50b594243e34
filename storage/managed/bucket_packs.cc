// Packs as objects of a bucket.

#include <atomic>
#include <optional>

#include "base/task_group.h"
#include "storage/managed/bucket_place.h"
#include "storage/part_grid.h"

namespace stateferry::storage::managed {

namespace {

constexpr std::string_view kPackSuffix = ".pack";

/// A pack travels in parts of this length, so many at the same time.
constexpr std::uint64_t kPackPartBytes = 16u << 20;
constexpr std::size_t kPartsAtOnce = 4;

/// The end of a pack that was listed is fetched at once: trailer, footer and records lie there.
constexpr std::uint64_t kTailBytes = 256u << 10;

class ObjectPack final : public PackSource {
 public:
  /// With a size, from a listing, the tail is fetched once and kept.
  ObjectPack(std::shared_ptr<Backend> backend, std::string key, std::string path,
             std::optional<std::uint64_t> size_bytes)
      : backend_(std::move(backend)),
        key_(std::move(key)),
        path_(std::move(path)),
        size_bytes_(size_bytes) {}

  const std::string& path() const override { return path_; }

  Result<std::uint64_t> SizeBytes() const override {
    if (size_bytes_) return *size_bytes_;
    SF_TRY(const auto meta, backend_->Stat(key_));
    return meta.size_bytes;
  }

  Result<std::size_t> ReadAt(std::uint64_t offset, MutableByteSpan out) const override {
    if (!size_bytes_) return backend_->ReadRange(key_, offset, out);
    const std::uint64_t tail_at = *size_bytes_ - std::min(*size_bytes_, kTailBytes);
    if (offset < tail_at) return backend_->ReadRange(key_, offset, out);
    std::lock_guard lock(mutex_);
    if (!has_tail_) {
      tail_.resize(*size_bytes_ - tail_at);
      SF_TRY(const auto read, backend_->ReadRange(key_, tail_at, tail_));
      tail_.resize(read);
      has_tail_ = true;
    }
    const std::uint64_t begin = std::min<std::uint64_t>(offset - tail_at, tail_.size());
    const std::size_t count = std::min<std::size_t>(out.size(), tail_.size() - begin);
    std::copy_n(tail_.begin() + static_cast<std::ptrdiff_t>(begin), count, out.begin());
    return count;
  }

 private:
  const std::shared_ptr<Backend> backend_;
  const std::string key_, path_;
  const std::optional<std::uint64_t> size_bytes_;
  mutable std::mutex mutex_;
  mutable Bytes tail_;             // guarded by mutex_
  mutable bool has_tail_ = false;  // guarded by mutex_
};

class BucketPacks final : public PackStore {
 public:
  BucketPacks(const FileIo& io, BucketPlace place)
      : io_(io), place_(std::move(place)), shared_(SharedInBucket(place_)) {}

  SharedPacks* shared() const override { return shared_.get(); }

  std::string PathOf(std::string_view project, const PackId& pack) const override {
    return place_.uri + "/" + Name(project, pack);
  }
  Result<std::shared_ptr<const PackSource>> Open(std::string_view project,
                                                 const PackId& pack) override {
    return Source(place_.Key(Name(project, pack)), PathOf(project, pack), std::nullopt);
  }
  Result<std::shared_ptr<const PackSource>> OpenPath(const std::string& path) const override {
    return Source(KeyOf(path), path, std::nullopt);
  }
  Result<std::shared_ptr<const PackSource>> OpenFound(const FoundPack& found) const override {
    return Source(KeyOf(found.path), found.path, found.size_bytes);
  }

  Result<std::vector<FoundPack>> List(std::vector<std::string>* strangers) const override {
    std::vector<FoundPack> packs;
    const std::string dir = place_.Key("packs/");
    SF_TRY(place_.backend->List(dir, [&](const ObjectMeta& meta) -> Result<void> {
      const auto slash = meta.key.rfind('/');
      if (slash < dir.size() || meta.key.find('/', dir.size()) != slash) return {};
      const std::string path = place_.uri + "/" + meta.key.substr(place_.Key("").size());
      const auto id = PackIdOfFile(std::string_view(meta.key).substr(slash + 1));
      if (id) packs.push_back({*id, path, meta.size_bytes, meta.mtime_ns});
      if (!id && strangers && meta.key.ends_with(kPackSuffix)) strangers->push_back(path);
      return {};
    }));
    return packs;
  }

  Result<void> SyncNames(const std::vector<FoundPack>&) const override {
    return place_.backend->Flush();
  }

  Result<void> Publish(const PackWriter& pack) override {
    const auto& header = pack.header();
    const std::string key = place_.Key(Name(header.project, header.pack_id));
    auto put = Upload(pack, key);
    // The name is nobody else's: what is there under it is this pack, put by a request whose answer
    // got lost.
    if (!put && put.error().code() == ErrorCode::kConflict) {
      SF_TRY(const auto there, place_.backend->Stat(key));
      if (there.size_bytes == pack.file_bytes()) put = {};
    }
    if (!put)
      return std::move(put).error().WithContext("putting " +
                                                PathOf(header.project, header.pack_id));
    SF_TRY(place_.backend->Flush());
    return io_.Unlink(pack.temp_path());
  }

  Result<void> Remove(std::string_view project, const PackId& pack) override {
    SF_TRY(place_.backend->Delete(place_.Key(Name(project, pack))));
    return place_.backend->Flush();
  }

 private:
  static std::string Name(std::string_view project, const PackId& pack) {
    return "packs/" + ProjectDirName(project) + "/" + pack.ToHex() + std::string(kPackSuffix);
  }
  std::string KeyOf(const std::string& path) const {
    return place_.Key(path.substr(place_.uri.size() + 1));
  }
  Result<std::shared_ptr<const PackSource>> Source(std::string key, std::string path,
                                                   std::optional<std::uint64_t> size) const {
    return std::shared_ptr<const PackSource>(
        std::make_shared<ObjectPack>(place_.backend, std::move(key), std::move(path), size));
  }

  Result<void> Upload(const PackWriter& pack, const std::string& key) const {
    SF_TRY(const auto file, io_.Open(pack.temp_path(), OpenMode::kRead));
    const auto limits = place_.backend->capabilities();
    const UploadOptions options{.size_bytes = pack.file_bytes(),
                                .part_bytes = std::max(kPackPartBytes, limits.min_part_bytes),
                                .overwrite = false};
    SF_TRY(auto upload, place_.backend->StartUpload(key, options));
    auto done = PutParts(file, options, *upload);
    if (done) done = upload->Complete();
    if (!done) (void)upload->Abort();
    return done;
  }

  static Result<void> PutParts(const File& file, const UploadOptions& options,
                               storage::Upload& upload) {
    const std::uint64_t parts = PartCount(options);
    std::atomic<std::uint64_t> next{0};
    auto put = [&](std::stop_token stop) -> Result<void> {
      Bytes part(std::min(options.part_bytes, options.size_bytes));
      for (auto i = next++; i < parts; i = next++) {
        if (stop.stop_requested()) return {};
        const std::uint64_t offset = i * options.part_bytes;
        const auto bytes =
            MutableByteSpan(part).first(std::min(options.part_bytes, options.size_bytes - offset));
        SF_TRY(const auto read, file.ReadAt(offset, bytes));
        if (read != bytes.size())
          return Error(ErrorCode::kCorruption, file.path() + " is shorter than it was written");
        SF_TRY(upload.PutPart(static_cast<std::uint32_t>(i), bytes));
      }
      return {};
    };
    TaskGroup threads;
    for (std::size_t i = 1; i < std::min<std::uint64_t>(kPartsAtOnce, parts); ++i)
      threads.Start(put);
    threads.Start(put);
    return threads.Wait();
  }

  const FileIo io_;
  const BucketPlace place_;
  const std::unique_ptr<SharedPacks> shared_;
};

}  // namespace

std::unique_ptr<PackStore> PacksInBucket(const FileIo& io, BucketPlace place) {
  return std::make_unique<BucketPacks>(io, std::move(place));
}

}  // namespace stateferry::storage::managed
