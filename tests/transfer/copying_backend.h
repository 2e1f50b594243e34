#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/hash.h"
#include "storage/wrap/forwarding.h"

namespace stateferry::transfer {

/// A bucket of a service that copies by itself, around a backend; what goes wrong is the test's.
class CopyingBackend final : public storage::ForwardingBackend {
 public:
  using Service = std::map<std::string, std::shared_ptr<storage::Backend>>;  ///< by container

  CopyingBackend(std::shared_ptr<storage::Backend> inner, Service& service, std::string container)
      : ForwardingBackend(inner), service_(service) {
    place = {"s3 http://one", "here", "the default credentials", container};
    service[container] = std::move(inner);
  }

  storage::ServicePlace place;
  bool tells_sums = true;
  std::optional<Error> refusal;      ///< of every copy
  std::function<void(int)> on_copy;  ///< before the n-th copy, whole or of a part, from 1
  std::function<void()> on_stat;     ///< before it
  bool copies_wrongly = false;
  bool holds_links = false;  ///< all objects are links
  std::atomic<int> wholes{0}, parts{0};

  storage::Capabilities capabilities() const override {
    auto capabilities = ForwardingBackend::capabilities();
    capabilities.durable_on_complete = true;
    return capabilities;
  }
  std::optional<storage::ServicePlace> service_place() const override { return place; }

  Result<storage::ObjectMeta> Stat(std::string_view key) override {
    if (on_stat) on_stat();
    return inner().Stat(key);
  }

  Result<storage::ObjectSums> SumsOf(std::string_view key) override {
    SF_TRY(auto meta, inner().Stat(key));
    storage::ObjectSums sums{.meta = std::move(meta)};
    sums.is_link = holds_links;
    if (!tells_sums) return sums;
    SF_TRY(const auto bytes, storage::ReadAll(inner(), key, 1u << 30));
    sums.sums["crc64nvme"] = std::string(Xxh3_128(AsBytes(bytes)).raw());
    return sums;
  }

  Result<storage::ObjectSums> CopyFrom(const storage::CopySource& from, std::string_view to,
                                       const storage::PutOptions& options) override {
    ++wholes;
    SF_TRY(auto bytes, Take(from, 0, from.meta.size_bytes));
    SF_TRY(inner().Put(to, AsBytes(bytes), options));
    return SumsOf(to);
  }

  Result<std::unique_ptr<storage::Upload>> StartUpload(
      std::string_view key, const storage::UploadOptions& options) override {
    SF_TRY(auto upload, inner().StartUpload(key, options));
    return std::unique_ptr<storage::Upload>(
        std::make_unique<CopyingUpload>(*this, std::move(upload), options.part_bytes));
  }

 private:
  class CopyingUpload final : public storage::ForwardingUpload {
   public:
    CopyingUpload(CopyingBackend& backend, std::unique_ptr<storage::Upload> inner,
                  std::uint64_t part_bytes)
        : ForwardingUpload(std::move(inner)), backend_(backend), part_bytes_(part_bytes) {}
    Result<void> CopyPart(std::uint32_t part, const storage::CopySource& from) override {
      ++backend_.parts;
      const std::uint64_t offset = part * part_bytes_;
      SF_TRY(auto bytes,
             backend_.Take(from, offset, std::min(part_bytes_, from.meta.size_bytes - offset)));
      return inner().PutPart(part, AsBytes(bytes));
    }

   private:
    CopyingBackend& backend_;
    const std::uint64_t part_bytes_;
  };

  Result<std::string> Take(const storage::CopySource& from, std::uint64_t offset,
                           std::uint64_t size) {
    if (on_copy) on_copy(wholes + parts);
    if (refusal) return *refusal;
    auto& source = *service_.at(from.container);
    SF_TRY(const auto meta, source.Stat(from.meta.key));
    if (meta.etag != from.meta.etag) return Error(ErrorCode::kConflict, "412 PreconditionFailed");
    SF_TRY(auto bytes, storage::ReadAll(source, from.meta.key, 1u << 30));
    bytes = bytes.substr(offset, size);
    if (copies_wrongly) bytes[0] = static_cast<char>(bytes[0] ^ 1);
    return bytes;
  }

  Service& service_;
};

}  // namespace stateferry::transfer
