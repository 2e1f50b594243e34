#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "storage/backend.h"
#include "storage/managed/file_reader.h"
#include "storage/managed/store_core.h"

namespace stateferry::storage::managed {

/// One project of a store as a backend.  Borrows the core and the reader.
class ManagedBackend : public Backend {
 public:
  ManagedBackend(StoreCore& core, FileReader& reader, std::string project)
      : core_(core),
        reader_(reader),
        project_(std::move(project)),
        failures_seen_(core.failures()) {}

  Capabilities capabilities() const override;
  std::string Describe() const override;
  Result<ObjectMeta> Stat(std::string_view key) override;
  Result<void> List(std::string_view prefix,
                    const std::function<Result<void>(const ObjectMeta&)>& visit) override;
  Result<std::size_t> ReadRange(std::string_view key, std::uint64_t offset,
                                MutableByteSpan out) override;
  Result<ObjectMeta> Put(std::string_view key, ByteSpan bytes, const PutOptions& options) override;
  Result<std::unique_ptr<Upload>> StartUpload(std::string_view key,
                                              const UploadOptions& options) override;
  Result<std::optional<ObjectMeta>> FindByOrigin(std::string_view origin) override;
  Result<void> Copy(std::string_view from, std::string_view to, const PutOptions& options) override;
  Result<void> Delete(std::string_view key) override;
  Result<void> Flush() override;

 private:
  StoreCore& core_;
  FileReader& reader_;
  const std::string project_;
  std::atomic<std::uint64_t> failures_seen_;
};

}  // namespace stateferry::storage::managed
