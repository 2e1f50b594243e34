#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "storage/backend.h"
#include "storage/s3/client.h"
#include "storage/s3/upload.h"
#include "storage/s3/upload_token.h"
#include "storage/s3/versions.h"

namespace stateferry::storage::s3 {

/// An object that travels in parts.  Part `index` of ours is part number index + 1 of the service.
class MultipartUpload final : public Upload {
 public:
  /// `parts`: what an earlier process has put already.
  MultipartUpload(const UploadPlace& place, std::string key, UploadOptions options,
                  UploadToken token, StoredParts parts);

  Result<void> PutPart(std::uint32_t part_index, ByteSpan bytes) override;
  Result<void> CopyPart(std::uint32_t part_index, const CopySource& from) override;
  Result<void> Complete() override;
  std::string completed_etag() const override { return completed_.etag; }
  bool compared() const override { return completed_.compared; }
  Result<void> Abort() override;
  std::string ResumeToken() const override { return token_.Text(); }

 private:
  Result<void> CheckAllThere() const;
  Result<void> CheckEtag(const std::string& etag) const;
  std::optional<std::uint64_t> WholeCrc() const;
  std::string ExpectedEtag() const;
  bool FollowsFromParts(const std::string& etag) const;
  enum class Whose { kOurs, kOthers, kNobodys, kUnclear };
  Result<Whose> WhoseIsThere(std::string& etag) const;
  Result<Stored> ResolveUnclear(Error error) const;

  const std::shared_ptr<Client> client_;
  const std::shared_ptr<Versions> versions_;
  const std::shared_ptr<UnheardUploads> unheard_;
  const std::string key_;
  const UploadOptions options_;
  const UploadToken token_;
  Stored completed_;
  mutable std::mutex mutex_;
  StoredParts parts_;  // guarded by mutex_ until Complete, which no PutPart may overlap
};

}  // namespace stateferry::storage::s3
