#include "tests/fakes/faulty_backend.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace stateferry::fakes {

using storage::ObjectMeta;

FaultyBackend::FaultyBackend(std::shared_ptr<storage::Backend> inner)
    : inner_(std::move(inner)), calls_(static_cast<std::size_t>(BackendOp::kFlush) + 1) {}

FaultyBackend::~FaultyBackend() { VerifyAllFired(); }

void FaultyBackend::Fail(Fault fault) {
  std::lock_guard lock(mutex_);
  faults_.push_back({.fault = std::move(fault)});
}

void FaultyBackend::VerifyAllFired() {
  std::lock_guard lock(mutex_);
  for (const Scripted& scripted : faults_)
    if (!scripted.fired)
      ADD_FAILURE() << "a scripted fault never fired: operation "
                    << static_cast<int>(scripted.fault.op) << ", call " << scripted.fault.call
                    << ", key \"" << scripted.fault.key_contains
                    << "\"; matching calls seen: " << scripted.seen;
  faults_.clear();
}

std::uint64_t FaultyBackend::calls(BackendOp op) const {
  std::lock_guard lock(mutex_);
  return calls_[static_cast<std::size_t>(op)];
}

std::optional<Fault> FaultyBackend::Hit(BackendOp op, std::string_view key) {
  std::lock_guard lock(mutex_);
  ++calls_[static_cast<std::size_t>(op)];
  std::optional<Fault> hit;
  for (Scripted& scripted : faults_) {
    const Fault& fault = scripted.fault;
    if (fault.op != op || key.find(fault.key_contains) == std::string_view::npos) continue;
    ++scripted.seen;
    if (scripted.seen < fault.call || scripted.seen - fault.call >= fault.times || hit) continue;
    scripted.fired = true;
    hit = fault;
  }
  return hit;
}

template <typename T, typename Call>
Result<T> FaultyBackend::Run(BackendOp op, std::string_view key, Call call) {
  const auto fault = Hit(op, key);
  if (!fault) return call();
  if (fault->after) (void)call();
  return fault->error;
}

class FaultyBackend::FaultyUpload final : public storage::Upload {
 public:
  FaultyUpload(FaultyBackend& backend, std::string key, std::unique_ptr<storage::Upload> inner)
      : backend_(backend), key_(std::move(key)), inner_(std::move(inner)) {}

  Result<void> PutPart(std::uint32_t part_index, ByteSpan bytes) override {
    return backend_.Run<void>(BackendOp::kPutPart, key_,
                              [&] { return inner_->PutPart(part_index, bytes); });
  }
  Result<void> Complete() override {
    return backend_.Run<void>(BackendOp::kComplete, key_, [&] { return inner_->Complete(); });
  }
  Result<void> Abort() override {
    return backend_.Run<void>(BackendOp::kAbort, key_, [&] { return inner_->Abort(); });
  }
  std::string ResumeToken() const override { return inner_->ResumeToken(); }

 private:
  FaultyBackend& backend_;
  const std::string key_;
  const std::unique_ptr<storage::Upload> inner_;
};

Result<ObjectMeta> FaultyBackend::Stat(std::string_view key) {
  return Run<ObjectMeta>(BackendOp::kStat, key, [&] { return inner_->Stat(key); });
}

Result<void> FaultyBackend::List(std::string_view prefix,
                                 const std::function<Result<void>(const ObjectMeta&)>& visit) {
  return Run<void>(BackendOp::kList, prefix, [&] { return inner_->List(prefix, visit); });
}

Result<std::size_t> FaultyBackend::ReadRange(std::string_view key, std::uint64_t offset,
                                             MutableByteSpan out) {
  const auto fault = Hit(BackendOp::kReadRange, key);
  if (!fault) return inner_->ReadRange(key, offset, out);
  if (fault->short_read_bytes)
    return inner_->ReadRange(key, offset,
                             out.first(std::min(out.size(), *fault->short_read_bytes)));
  if (fault->flip_bit) {
    SF_TRY(const std::size_t read, inner_->ReadRange(key, offset, out));
    if (*fault->flip_bit / 8 < read)
      out[*fault->flip_bit / 8] ^= std::byte{1} << (*fault->flip_bit % 8);
    return read;
  }
  return fault->error;
}

Result<ObjectMeta> FaultyBackend::Put(std::string_view key, ByteSpan bytes,
                                      const storage::PutOptions& options) {
  return Run<ObjectMeta>(BackendOp::kPut, key, [&] { return inner_->Put(key, bytes, options); });
}

Result<std::unique_ptr<storage::Upload>> FaultyBackend::StartUpload(
    std::string_view key, const storage::UploadOptions& options) {
  using Handle = std::unique_ptr<storage::Upload>;
  SF_TRY(auto upload, Run<Handle>(BackendOp::kStartUpload, key,
                                  [&] { return inner_->StartUpload(key, options); }));
  return Handle(std::make_unique<FaultyUpload>(*this, std::string(key), std::move(upload)));
}

Result<std::optional<ObjectMeta>> FaultyBackend::FindByOrigin(std::string_view origin) {
  return Run<std::optional<ObjectMeta>>(BackendOp::kFindByOrigin, origin,
                                        [&] { return inner_->FindByOrigin(origin); });
}

Result<void> FaultyBackend::Copy(std::string_view from, std::string_view to,
                                 const storage::PutOptions& options) {
  return Run<void>(BackendOp::kCopy, from, [&] { return inner_->Copy(from, to, options); });
}

Result<void> FaultyBackend::Delete(std::string_view key) {
  return Run<void>(BackendOp::kDelete, key, [&] { return inner_->Delete(key); });
}

Result<void> FaultyBackend::MakeDurable(std::string_view key) {
  return Run<void>(BackendOp::kMakeDurable, key, [&] { return inner_->MakeDurable(key); });
}

Result<void> FaultyBackend::Flush() {
  return Run<void>(BackendOp::kFlush, "", [&] { return inner_->Flush(); });
}

}  // namespace stateferry::fakes
