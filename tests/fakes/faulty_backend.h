#pragma once
// A Backend with scripted faults around a real one.
//
//   auto faulty = std::make_shared<FaultyBackend>(OpenMemoryBackend());
//   faulty->Fail({.op = BackendOp::kPutPart, .call = 3, .times = 2,
//                 .error = Error(ErrorCode::kUnavailable, "503", Retry::kMayHelp)});

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "storage/backend.h"

namespace stateferry::fakes {

enum class BackendOp {
  kStat,
  kList,
  kReadRange,
  kPut,
  kStartUpload,
  kPutPart,
  kComplete,
  kAbort,
  kFindByOrigin,
  kCopy,
  kDelete,
  kMakeDurable,
  kFlush
};

struct Fault {
  BackendOp op = BackendOp::kStat;
  /// The first call that fails, counted from 1 among the calls of `op` whose key matches, since the
  /// fault was scripted.
  std::uint64_t call = 1;
  std::uint64_t times = 1;        ///< how many calls in a row fail
  std::string key_contains = {};  ///< empty: every key (Flush has the key "")
  Error error = Error(ErrorCode::kIo, "injected failure");
  /// The operation is done, and then the error is given: an answer that got lost.
  bool after = false;
  /// kReadRange only: instead of an error, at most so many bytes are read.
  std::optional<std::size_t> short_read_bytes = std::nullopt;
  /// kReadRange only: instead of an error, this bit of the bytes that were read is flipped.
  std::optional<std::size_t> flip_bit = std::nullopt;
};

/// Thread-safe.  The destructor fails the test when a scripted fault never fired; see
/// VerifyAllFired.
class FaultyBackend final : public storage::Backend {
 public:
  explicit FaultyBackend(std::shared_ptr<storage::Backend> inner);
  ~FaultyBackend() override;

  void Fail(Fault fault);
  /// Adds a test failure for each fault that has not fired so far, and forgets all faults.
  void VerifyAllFired();
  /// Calls of `op` so far.
  std::uint64_t calls(BackendOp op) const;

  storage::Capabilities capabilities() const override { return inner_->capabilities(); }
  std::string Describe() const override { return inner_->Describe(); }
  Result<storage::ObjectMeta> Stat(std::string_view key) override;
  Result<void> List(std::string_view prefix,
                    const std::function<Result<void>(const storage::ObjectMeta&)>& visit) override;
  Result<std::size_t> ReadRange(std::string_view key, std::uint64_t offset,
                                MutableByteSpan out) override;
  Result<storage::ObjectMeta> Put(std::string_view key, ByteSpan bytes,
                                  const storage::PutOptions& options) override;
  std::string IntentToken(const storage::UploadOptions& options) override {
    return inner_->IntentToken(options);
  }
  Result<std::unique_ptr<storage::Upload>> StartUpload(
      std::string_view key, const storage::UploadOptions& options) override;
  Result<std::optional<storage::ObjectMeta>> FindByOrigin(std::string_view origin) override;
  Result<void> Copy(std::string_view from, std::string_view to,
                    const storage::PutOptions& options) override;
  Result<void> Delete(std::string_view key) override;
  Result<void> MakeDurable(std::string_view key) override;
  Result<void> Flush() override;

 private:
  class FaultyUpload;
  struct Scripted {
    Fault fault;
    std::uint64_t seen = 0;
    bool fired = false;
  };

  /// Counts the call; the fault that hits it, if one does.
  std::optional<Fault> Hit(BackendOp op, std::string_view key);
  template <typename T, typename Call>
  Result<T> Run(BackendOp op, std::string_view key, Call call);

  const std::shared_ptr<storage::Backend> inner_;
  mutable std::mutex mutex_;
  std::vector<Scripted> faults_;      // guarded by mutex_
  std::vector<std::uint64_t> calls_;  // guarded by mutex_; by BackendOp
};

}  // namespace stateferry::fakes
