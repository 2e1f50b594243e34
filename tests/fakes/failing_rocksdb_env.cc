#include "tests/fakes/failing_rocksdb_env.h"

#include <rocksdb/file_system.h>

#include <atomic>

namespace stateferry::fakes {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

namespace {

class Countdown {
 public:
  explicit Countdown(std::uint64_t at) : at_(at) {}
  /// Nothing, or why this change fails.
  IOStatus Step(bool* first = nullptr) {
    const std::uint64_t now = ++seen_;
    if (first != nullptr) *first = now == at_;
    return now < at_ ? IOStatus::OK() : IOStatus::IOError("injected failure");
  }
  bool fired() const { return seen_ >= at_; }

 private:
  const std::uint64_t at_;
  std::atomic<std::uint64_t> seen_{0};
};

class FailingFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FailingFile(std::unique_ptr<rocksdb::FSWritableFile>&& file, Countdown& count)
      : FSWritableFileOwnerWrapper(std::move(file)), count_(count) {}

  IOStatus Append(const rocksdb::Slice& bytes, const IOOptions& options,
                  IODebugContext* debug) override {
    bool torn = false;
    const IOStatus status = count_.Step(&torn);
    if (status.ok()) return target()->Append(bytes, options, debug);
    if (torn) (void)target()->Append({bytes.data(), bytes.size() / 2}, options, debug);
    return status;
  }
  IOStatus Append(const rocksdb::Slice& bytes, const IOOptions& options,
                  const rocksdb::DataVerificationInfo&, IODebugContext* debug) override {
    return Append(bytes, options, debug);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    const IOStatus status = count_.Step();
    return status.ok() ? target()->Sync(options, debug) : status;
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    const IOStatus status = count_.Step();
    return status.ok() ? target()->Fsync(options, debug) : status;
  }

 private:
  Countdown& count_;
};

}  // namespace

class FailingRocksDbEnv::FileSystem final : public rocksdb::FileSystemWrapper {
 public:
  explicit FileSystem(std::uint64_t at)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), count(at) {}
  const char* Name() const override { return "FailingFileSystem"; }

  IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                           IODebugContext* debug) override {
    IOStatus status = count.Step();
    if (!status.ok()) return status;
    status = target()->NewWritableFile(path, options, file, debug);
    if (status.ok()) *file = std::make_unique<FailingFile>(std::move(*file), count);
    return status;
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* debug) override {
    const IOStatus status = count.Step();
    return status.ok() ? target()->RenameFile(from, to, options, debug) : status;
  }
  IOStatus DeleteFile(const std::string& path, const IOOptions& options,
                      IODebugContext* debug) override {
    const IOStatus status = count.Step();
    return status.ok() ? target()->DeleteFile(path, options, debug) : status;
  }

  Countdown count;
};

FailingRocksDbEnv::FailingRocksDbEnv(std::uint64_t fail_at)
    : files_(std::make_shared<FileSystem>(fail_at)), env_(rocksdb::NewCompositeEnv(files_)) {}
FailingRocksDbEnv::~FailingRocksDbEnv() = default;

bool FailingRocksDbEnv::fired() const { return files_->count.fired(); }

}  // namespace stateferry::fakes
