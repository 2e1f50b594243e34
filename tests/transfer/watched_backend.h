#pragma once

#include <functional>
#include <memory>
#include <string>

#include "storage/backend.h"

namespace stateferry::transfer {

/// A backend around a backend that tells a test what happens, when it happens.
class WatchedBackend final : public storage::Backend {
 public:
  struct Watchers {
    std::function<void(std::string_view key)> before_read;
    std::function<void(const std::string& key, std::uint32_t part)> part_accepted;
    std::function<void(const std::string& key)> completed;
    std::function<void()> flush_begins, flush_ends;
    std::function<void(std::string_view key)> before_stat;
    std::function<std::optional<storage::ObjectMeta>(std::string_view origin)> find_by_origin;
  };
  explicit WatchedBackend(std::shared_ptr<storage::Backend> inner) : inner_(std::move(inner)) {}
  Watchers on;
  bool durable_on_complete = false;  ///< says so of the inner backend

  storage::Capabilities capabilities() const override {
    auto capabilities = inner_->capabilities();
    capabilities.durable_on_complete = durable_on_complete;
    capabilities.finds_by_origin |= on.find_by_origin != nullptr;
    return capabilities;
  }
  std::string Describe() const override { return inner_->Describe(); }
  Result<storage::ObjectMeta> Stat(std::string_view key) override {
    if (on.before_stat) on.before_stat(key);
    return inner_->Stat(key);
  }
  Result<void> List(std::string_view prefix,
                    const std::function<Result<void>(const storage::ObjectMeta&)>& visit) override {
    return inner_->List(prefix, visit);
  }
  Result<std::size_t> ReadRange(std::string_view key, std::uint64_t offset,
                                MutableByteSpan out) override {
    if (on.before_read) on.before_read(key);
    return inner_->ReadRange(key, offset, out);
  }
  Result<storage::ObjectMeta> Put(std::string_view key, ByteSpan bytes,
                                  const storage::PutOptions& options) override {
    return inner_->Put(key, bytes, options);
  }
  Result<std::unique_ptr<storage::Upload>> StartUpload(
      std::string_view key, const storage::UploadOptions& options) override {
    SF_TRY(auto upload, inner_->StartUpload(key, options));
    return std::unique_ptr<storage::Upload>(
        std::make_unique<WatchedUpload>(*this, std::string(key), std::move(upload)));
  }
  Result<std::optional<storage::ObjectMeta>> FindByOrigin(std::string_view origin) override {
    if (on.find_by_origin) return on.find_by_origin(origin);
    return inner_->FindByOrigin(origin);
  }
  Result<void> Copy(std::string_view from, std::string_view to,
                    const storage::PutOptions& options) override {
    return inner_->Copy(from, to, options);
  }
  Result<void> Delete(std::string_view key) override { return inner_->Delete(key); }
  Result<void> MakeDurable(std::string_view key) override { return inner_->MakeDurable(key); }
  Result<void> Flush() override {
    if (on.flush_begins) on.flush_begins();
    SF_TRY(inner_->Flush());
    if (on.flush_ends) on.flush_ends();
    return {};
  }

 private:
  class WatchedUpload final : public storage::Upload {
   public:
    WatchedUpload(WatchedBackend& backend, std::string key, std::unique_ptr<storage::Upload> inner)
        : backend_(backend), key_(std::move(key)), inner_(std::move(inner)) {}
    Result<void> PutPart(std::uint32_t part, ByteSpan bytes) override {
      SF_TRY(inner_->PutPart(part, bytes));
      if (backend_.on.part_accepted) backend_.on.part_accepted(key_, part);
      return {};
    }
    Result<void> Complete() override {
      SF_TRY(inner_->Complete());
      if (backend_.on.completed) backend_.on.completed(key_);
      return {};
    }
    Result<void> Abort() override { return inner_->Abort(); }
    std::string ResumeToken() const override { return inner_->ResumeToken(); }

   private:
    WatchedBackend& backend_;
    const std::string key_;
    const std::unique_ptr<storage::Upload> inner_;
  };

  const std::shared_ptr<storage::Backend> inner_;
};

}  // namespace stateferry::transfer
