#pragma once

#include <memory>
#include <string>

#include "storage/backend.h"
#include "storage/s3/client.h"
#include "storage/s3/versions.h"

namespace stateferry::storage::s3 {

/// A small object: its only part is kept in memory, and Complete puts it.
class WholeUpload final : public Upload {
 public:
  WholeUpload(std::shared_ptr<Client> client, std::shared_ptr<Versions> versions, std::string key,
              UploadOptions options)
      : client_(std::move(client)),
        versions_(std::move(versions)),
        key_(std::move(key)),
        options_(std::move(options)) {}

  Result<void> PutPart(std::uint32_t part_index, ByteSpan bytes) override;
  Result<void> Complete() override;
  std::string completed_etag() const override { return completed_.etag; }
  bool compared() const override { return completed_.compared; }
  Result<void> Abort() override;
  std::string ResumeToken() const override;

 private:
  Result<bool> IsThereAlready() const;

  const std::shared_ptr<Client> client_;
  const std::shared_ptr<Versions> versions_;
  const std::string key_;
  const UploadOptions options_;
  Stored completed_;
  bool has_part_ = false;
  Bytes bytes_;
};

}  // namespace stateferry::storage::s3
