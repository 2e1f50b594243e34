#pragma once
// What wrappers have in common: everything goes to the inner backend unless overridden.

#include <memory>
#include <utility>

#include "storage/service_copy.h"

namespace stateferry::storage {

class ForwardingBackend : public Backend {
 public:
  explicit ForwardingBackend(std::shared_ptr<Backend> inner) : inner_(std::move(inner)) {}

  Capabilities capabilities() const override { return inner_->capabilities(); }
  std::string Describe() const override { return inner_->Describe(); }
  Result<ObjectMeta> Stat(std::string_view key) override { return inner_->Stat(key); }
  Result<void> List(std::string_view prefix,
                    const std::function<Result<void>(const ObjectMeta&)>& visit) override {
    return inner_->List(prefix, visit);
  }
  Result<std::size_t> ReadRange(std::string_view key, std::uint64_t offset,
                                MutableByteSpan out) override {
    return inner_->ReadRange(key, offset, out);
  }
  Result<std::size_t> ReadBack(std::string_view key, std::uint64_t offset,
                               MutableByteSpan out) override {
    return inner_->ReadBack(key, offset, out);
  }
  Result<bool> ReadVersion(const ObjectMeta& version, MutableByteSpan out) override {
    return inner_->ReadVersion(version, out);
  }
  Result<SummedRead> ReadSummed(std::string_view key, std::uint64_t offset,
                                MutableByteSpan out) override {
    return inner_->ReadSummed(key, offset, out);
  }
  void AddRead(const ObjectMeta& meta, std::uint64_t offset, std::uint64_t size_bytes,
               std::uint64_t checksum) override {
    inner_->AddRead(meta, offset, size_bytes, checksum);
  }
  Result<ObjectMeta> Put(std::string_view key, ByteSpan bytes, const PutOptions& options) override {
    return inner_->Put(key, bytes, options);
  }
  std::string IntentToken(const UploadOptions& options) override {
    return inner_->IntentToken(options);
  }
  Result<std::unique_ptr<Upload>> StartUpload(std::string_view key,
                                              const UploadOptions& options) override {
    return inner_->StartUpload(key, options);
  }
  Result<std::optional<ObjectMeta>> FindByOrigin(std::string_view origin) override {
    return inner_->FindByOrigin(origin);
  }
  Result<void> Copy(std::string_view from, std::string_view to,
                    const PutOptions& options) override {
    return inner_->Copy(from, to, options);
  }
  std::optional<ServicePlace> service_place() const override { return inner_->service_place(); }
  Result<ObjectSums> SumsOf(std::string_view key) override { return inner_->SumsOf(key); }
  Result<ObjectSums> CopyFrom(const CopySource& from, std::string_view to,
                              const PutOptions& options) override {
    return inner_->CopyFrom(from, to, options);
  }
  Result<void> Delete(std::string_view key) override { return inner_->Delete(key); }
  Result<void> MakeDurable(std::string_view key) override { return inner_->MakeDurable(key); }
  Result<std::uint64_t> DropStaleUploads(std::chrono::seconds age) override {
    return inner_->DropStaleUploads(age);
  }
  Result<void> Flush() override { return inner_->Flush(); }

 protected:
  Backend& inner() const { return *inner_; }

 private:
  const std::shared_ptr<Backend> inner_;
};

class ForwardingUpload : public Upload {
 public:
  explicit ForwardingUpload(std::unique_ptr<Upload> inner) : inner_(std::move(inner)) {}

  Result<void> PutPart(std::uint32_t part_index, ByteSpan bytes) override {
    return inner_->PutPart(part_index, bytes);
  }
  Result<void> CopyPart(std::uint32_t part_index, const CopySource& from) override {
    return inner_->CopyPart(part_index, from);
  }
  Result<void> Complete() override { return inner_->Complete(); }
  std::string completed_etag() const override { return inner_->completed_etag(); }
  bool compared() const override { return inner_->compared(); }
  Result<void> Abort() override { return inner_->Abort(); }
  std::string ResumeToken() const override { return inner_->ResumeToken(); }

 protected:
  Upload& inner() const { return *inner_; }

 private:
  const std::unique_ptr<Upload> inner_;
};

}  // namespace stateferry::storage
