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

/// What was begun under a token that names no upload yet is of no use: nobody knows its parts.
Result<std::unique_ptr<Upload>> DropUnheard(const UploadPlace& place, std::string_view key,
                                            const UnheardUploads::Begun& begun) {
  if (begun.service != place.client->service())
    return NotFound(key, {.service = begun.service}, *place.client);
  SF_TRY(place.unheard->SweepIntent(key, begun.at));
  return Gone(key);
}

/// Either it was ended, or the name under which the service knows it was damaged on its way.
Result<std::unique_ptr<Upload>> DropUnknown(const UploadPlace& place, std::string_view key,
                                            const UploadToken& token) {
  Error error = NotFound(key, token, *place.client);
  if (error.code() == ErrorCode::kNotFound && token.begun)
    SF_TRY(place.unheard->SweepMisheard(key, *token.begun, token.upload_id));
  return error;
}

Result<std::unique_ptr<Upload>> Resume(const UploadPlace& place, std::string_view key,
                                       const UploadOptions& options) {
  if (const auto begun = UnheardUploads::ParseIntent(options.resume_token))
    return DropUnheard(place, key, *begun);
  auto token = UploadToken::Parse(options.resume_token);
  if (!token || !token->Fits(options)) return Gone(key);
  auto parts = place.client->ListParts(key, token->upload_id);
  if (!parts && parts.error().code() == ErrorCode::kNotFound)
    return DropUnknown(place, key, *token);
  if (!parts) return std::move(parts).error();
  DropMisfits(*parts, options);
  return std::unique_ptr<Upload>(std::make_unique<MultipartUpload>(
      place, std::string(key), options, std::move(*token), std::move(*parts)));
}

// Of parts that it copies the service makes its own checksums, where it does; versitygw takes that
// of the whole source for each part when it is told a kind.
Result<NewMultipart> Begin(const UploadPlace& place, std::string_view key,
                           const UploadOptions& options, SystemTime before) {
  auto started = place.client->CreateMultipart(
      key, {.overwrite = options.overwrite, .checksummed = !options.by_service});
  if (!started) {
    if (started.error().retry() == Retry::kMayHelp) place.unheard->Note(key, before);
    return started;
  }
  // What is left unheard is found before anything is put.
  if (auto swept = place.unheard->SweepNoted(key, started->upload_id); !swept) {
    if (!place.client->Abort(key, started->upload_id)) place.unheard->Note(key, before);
    return std::move(swept).error();
  }
  return started;
}

}  // namespace

Result<std::unique_ptr<Upload>> StartUpload(const UploadPlace& place, std::string_view key,
                                            const UploadOptions& options) {
  SF_TRY(CheckParts(place.client->dialect(), key, options));
  if (!options.resume_token.empty()) return Resume(place, key, options);
  if (TravelsWhole(options))
    return std::unique_ptr<Upload>(
        std::make_unique<WholeUpload>(place.client, place.versions, std::string(key), options));
  const auto before = place.unheard->Now();
  SF_TRY(auto started, Begin(place, key, options, before));
  UploadToken token{.size_bytes = options.size_bytes,
                    .part_bytes = options.part_bytes,
                    .checksummed = started.checksummed,
                    .upload_id = std::move(started.upload_id),
                    .service = place.client->service(),
                    .begun = before};
  return std::unique_ptr<Upload>(std::make_unique<MultipartUpload>(
      place, std::string(key), options, std::move(token), StoredParts()));
}

}  // namespace stateferry::storage::s3
