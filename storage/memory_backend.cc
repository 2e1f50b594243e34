#include "storage/memory_backend.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "storage/part_grid.h"

namespace stateferry::storage {

namespace {

struct Content {
  std::string bytes;
  ObjectMeta meta;
};

struct UploadState {
  std::string key;
  UploadOptions options;
  std::map<std::uint32_t, std::string> parts;
};

/// Shared with uploads, which may outlive a call but not the process.
struct Bucket {
  Clock& clock;
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<const Content>, std::less<>> objects;  // guarded by mutex
  std::map<std::string, std::shared_ptr<UploadState>> uploads;                 // guarded by mutex
  std::uint64_t next = 1;                                                      // guarded by mutex

  explicit Bucket(Clock& clock_in) : clock(clock_in) {}

  /// Caller holds mutex.
  Result<ObjectMeta> Store(const std::string& key, std::string bytes, bool overwrite) {
    if (!overwrite && objects.contains(key))
      return Error(ErrorCode::kConflict, key + " exists already");
    auto content = std::make_shared<Content>();
    content->meta = {
        .key = key,
        .size_bytes = bytes.size(),
        .mtime_ns =
            std::chrono::duration_cast<std::chrono::nanoseconds>(clock.Now().time_since_epoch())
                .count(),
        .etag = std::to_string(next++),
    };
    content->bytes = std::move(bytes);
    objects[key] = content;
    return content->meta;
  }
};

class MemoryUpload final : public Upload {
 public:
  MemoryUpload(std::shared_ptr<Bucket> bucket, std::shared_ptr<UploadState> state,
               std::string token)
      : bucket_(std::move(bucket)), state_(std::move(state)), token_(std::move(token)) {}

  Result<void> PutPart(std::uint32_t part_index, ByteSpan bytes) override {
    SF_TRY(PartOffset(state_->key, state_->options, part_index, bytes.size()));
    std::lock_guard lock(bucket_->mutex);
    if (!bucket_->uploads.contains(token_)) return Ended();
    if (!bytes.empty()) state_->parts[part_index] = AsText(bytes);
    return {};
  }

  Result<void> Complete() override {
    std::lock_guard lock(bucket_->mutex);
    if (!bucket_->uploads.contains(token_)) return Ended();
    if (state_->parts.size() != PartCount(state_->options))
      return Error(ErrorCode::kInternal, "the upload of " + state_->key + " was completed with " +
                                             std::to_string(state_->parts.size()) + " of " +
                                             std::to_string(PartCount(state_->options)) + " parts");
    std::string bytes;
    bytes.reserve(state_->options.size_bytes);
    for (const auto& [index, part] : state_->parts) bytes += part;
    SF_TRY(bucket_->Store(state_->key, std::move(bytes), state_->options.overwrite));
    bucket_->uploads.erase(token_);
    return {};
  }

  Result<void> Abort() override {
    std::lock_guard lock(bucket_->mutex);
    bucket_->uploads.erase(token_);
    return {};
  }

  std::string ResumeToken() const override { return token_; }

 private:
  Error Ended() const {
    return Error(ErrorCode::kInternal, "the upload of " + state_->key + " has ended already");
  }

  std::shared_ptr<Bucket> bucket_;
  std::shared_ptr<UploadState> state_;
  std::string token_;
};

class MemoryBackend final : public Backend {
 public:
  MemoryBackend(Clock& clock, std::string name)
      : bucket_(std::make_shared<Bucket>(clock)), name_(std::move(name)) {}

  Capabilities capabilities() const override { return {.server_side_copy = true}; }
  std::string Describe() const override { return "mem://" + name_; }

  Result<ObjectMeta> Stat(std::string_view key) override {
    SF_TRY(auto content, Find(key));
    return content->meta;
  }

  Result<void> List(std::string_view prefix,
                    const std::function<Result<void>(const ObjectMeta&)>& visit) override {
    std::string after;  // the last key seen: the lock is not held while visiting
    for (bool first = true;; first = false) {
      ObjectMeta meta;
      {
        std::lock_guard lock(bucket_->mutex);
        const auto& objects = bucket_->objects;
        const auto it = first ? objects.lower_bound(prefix) : objects.upper_bound(after);
        if (it == objects.end() || !it->first.starts_with(prefix)) return {};
        meta = it->second->meta;
      }
      after = meta.key;
      SF_TRY(visit(meta));
    }
  }

  Result<std::size_t> ReadRange(std::string_view key, std::uint64_t offset,
                                MutableByteSpan out) override {
    SF_TRY(auto content, Find(key));
    if (offset >= content->bytes.size()) return std::size_t{0};
    const std::size_t count = std::min<std::size_t>(out.size(), content->bytes.size() - offset);
    std::memcpy(out.data(), content->bytes.data() + offset, count);
    return count;
  }

  Result<ObjectMeta> Put(std::string_view key, ByteSpan bytes, const PutOptions& options) override {
    SF_TRY(CheckKey(key));
    std::lock_guard lock(bucket_->mutex);
    return bucket_->Store(std::string(key), std::string(AsText(bytes)), options.overwrite);
  }

  Result<std::unique_ptr<Upload>> StartUpload(std::string_view key,
                                              const UploadOptions& options) override {
    SF_TRY(CheckKey(key));
    SF_TRY(CheckGrid(key, options));
    std::lock_guard lock(bucket_->mutex);
    std::shared_ptr<UploadState> state;
    std::string token = options.resume_token;
    if (!token.empty()) {
      const auto it = bucket_->uploads.find(token);
      if (it == bucket_->uploads.end() || it->second->key != key ||
          it->second->options.size_bytes != options.size_bytes ||
          it->second->options.part_bytes != options.part_bytes)
        return Error(ErrorCode::kNotFound,
                     "the unfinished upload of " + std::string(key) + " is gone");
      state = it->second;
    } else {
      state = std::make_shared<UploadState>();
      state->key = key;
      state->options = options;
      token = "u" + std::to_string(bucket_->next++);
      bucket_->uploads[token] = state;
    }
    return std::unique_ptr<Upload>(std::make_unique<MemoryUpload>(bucket_, state, token));
  }

  Result<void> Copy(std::string_view from, std::string_view to,
                    const PutOptions& options) override {
    SF_TRY(auto content, Find(from));
    SF_TRY(CheckKey(to));
    std::lock_guard lock(bucket_->mutex);
    SF_TRY(bucket_->Store(std::string(to), content->bytes, options.overwrite));
    return {};
  }

  Result<void> Delete(std::string_view key) override {
    SF_TRY(CheckKey(key));
    std::lock_guard lock(bucket_->mutex);
    const auto it = bucket_->objects.find(key);
    if (it != bucket_->objects.end()) bucket_->objects.erase(it);
    return {};
  }

  Result<void> Flush() override { return {}; }

 private:
  Result<std::shared_ptr<const Content>> Find(std::string_view key) {
    SF_TRY(CheckKey(key));
    std::lock_guard lock(bucket_->mutex);
    const auto it = bucket_->objects.find(key);
    if (it == bucket_->objects.end())
      return Error(ErrorCode::kNotFound, Describe() + "/" + std::string(key) + " does not exist");
    return it->second;
  }

  std::shared_ptr<Bucket> bucket_;
  const std::string name_;
};

}  // namespace

std::shared_ptr<Backend> MakeMemoryBackend(Clock& clock, std::string name) {
  return std::make_shared<MemoryBackend>(clock, std::move(name));
}

}  // namespace stateferry::storage
