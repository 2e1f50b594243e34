#include "storage/s3/upload.h"

#include <fmt/format.h>

#include "storage/part_grid.h"
#include "storage/s3/multipart_upload.h"
#include "storage/s3/whole_upload.h"

namespace stateferry::storage::s3 {

namespace {

Result<void> CheckParts(const Dialect& dialect, std::string_view key,
                        const UploadOptions& options) {
  SF_TRY(CheckGrid(key, options));
  const std::uint64_t count = PartCount(options);
  const bool fits = count <= 1 || (options.part_bytes >= dialect.min_part_bytes &&
                                   options.part_bytes <= dialect.max_part_bytes);
  if (fits && count <= kMaxParts) return {};
  return Error(
      ErrorCode::kInvalidArgument,
      fmt::format("{} in {} parts of {} bytes: {} takes at most {} parts of {} to {} bytes", key,
                  count, options.part_bytes, dialect.name, kMaxParts, dialect.min_part_bytes,
                  dialect.max_part_bytes));
}

Error Gone(std::string_view key) {
  return {ErrorCode::kNotFound, "the unfinished upload of " + std::string(key) + " is gone"};
}

/// The service that is spoken to does not know the upload: it is gone only if it was begun there.
Error NotFound(std::string_view key, const UploadToken& token, const Client& client) {
  if (!token.service || *token.service == client.service()) return Gone(key);
  const auto shown = [](const std::string& service) {
    return service.empty() ? std::string("the vendor's own service") : service;
  };
  return Error(ErrorCode::kRefused,
               fmt::format("the unfinished upload of {} was begun at {}, and {} does not know it",
                           key, shown(*token.service), shown(client.service())))
      .WithHint("set the endpoint as it was, behind the place or in the environment");
}

/// Parts of another size than the grid's are of no use: they are put again.
void DropMisfits(StoredParts& parts, const UploadOptions& options) {
  std::erase_if(parts, [&](const auto& entry) {
    const auto& [number, part] = entry;
    return number == 0 || !PartOffset("", options, number - 1, part.size_bytes);
  });
}

Result<std::unique_ptr<Upload>> Resume(std::shared_ptr<Client> client,
                                       std::shared_ptr<Versions> versions, std::string_view key,
                                       const UploadOptions& options) {
  auto token = UploadToken::Parse(options.resume_token);
  if (!token || !token->Fits(options)) return Gone(key);
  auto parts = client->ListParts(key, token->upload_id);
  if (!parts && parts.error().code() == ErrorCode::kNotFound) return NotFound(key, *token, *client);
  if (!parts) return std::move(parts).error();
  DropMisfits(*parts, options);
  return std::unique_ptr<Upload>(
      std::make_unique<MultipartUpload>(std::move(client), std::move(versions), std::string(key),
                                        options, std::move(*token), std::move(*parts)));
}

}  // namespace

Result<std::unique_ptr<Upload>> StartUpload(std::shared_ptr<Client> client,
                                            std::shared_ptr<Versions> versions,
                                            std::string_view key, const UploadOptions& options) {
  SF_TRY(CheckParts(client->dialect(), key, options));
  if (!options.resume_token.empty())
    return Resume(std::move(client), std::move(versions), key, options);
  if (options.size_bytes <= std::min(options.part_bytes, kWholePutBytes))
    return std::unique_ptr<Upload>(std::make_unique<WholeUpload>(
        std::move(client), std::move(versions), std::string(key), options));
  SF_TRY(auto started, client->CreateMultipart(key, {.overwrite = options.overwrite}));
  UploadToken token{.size_bytes = options.size_bytes,
                    .part_bytes = options.part_bytes,
                    .checksummed = started.checksummed,
                    .upload_id = std::move(started.upload_id),
                    .service = client->service()};
  return std::unique_ptr<Upload>(
      std::make_unique<MultipartUpload>(std::move(client), std::move(versions), std::string(key),
                                        options, std::move(token), StoredParts()));
}

}  // namespace stateferry::storage::s3
