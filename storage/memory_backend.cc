#include "storage/memory_backend.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <vector>

namespace stateferry::storage {

namespace {

struct Content {
  std::string bytes;
  ObjectMeta meta;
};

struct UploadState {
  std::string key;
  UploadOptions options;
  std::string bytes;
  std::vector<bool> parts;
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
    std::lock_guard lock(bucket_->mutex);
    const auto& options = state_->options;
    const std::uint64_t offset = part_index * options.part_bytes;
    if (offset > options.size_bytes ||
        bytes.size() != std::min(options.part_bytes, options.size_bytes - offset))
      return Error(ErrorCode::kInvalidArgument, "part " + std::to_string(part_index) + " of " +
                                                    state_->key +
                                                    " is not in its place in the grid");
    std::memcpy(state_->bytes.data() + offset, bytes.data(), bytes.size());
    if (part_index < state_->parts.size()) state_->parts[part_index] = true;
    return {};
  }

  Result<void> Complete() override {
    std::lock_guard lock(bucket_->mutex);
    if (std::find(state_->parts.begin(), state_->parts.end(), false) != state_->parts.end())
      return Error(ErrorCode::kInternal, state_->key + " was completed with parts missing");
    SF_TRY(bucket_->Store(state_->key, std::move(state_->bytes), state_->options.overwrite));
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
    if (options.part_bytes == 0)
      return Error(ErrorCode::kInvalidArgument, "an upload needs a part size above 0");
    std::lock_guard lock(bucket_->mutex);
    std::shared_ptr<UploadState> state;
    std::string token = options.resume_token;
    if (!token.empty()) {
      const auto it = bucket_->uploads.find(token);
      if (it == bucket_->uploads.end() || it->second->key != key)
        return Error(ErrorCode::kNotFound,
                     "the unfinished upload of " + std::string(key) + " is gone");
      state = it->second;
    } else {
      state = std::make_shared<UploadState>();
      state->key = key;
      state->options = options;
      state->bytes.resize(options.size_bytes);
      state->parts.resize((options.size_bytes + options.part_bytes - 1) / options.part_bytes);
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
